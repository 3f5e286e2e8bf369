"""The hand-written rules of resource.k8s.io: for each a value that is refused, in upstream's words; the objects themselves pass."""

from typing import Any

import pytest

from rootspan_apiserver.resources.resource_k8s_io.allocation import claim_status
from rootspan_apiserver.resources.resource_k8s_io.requests import default_claim, device_claim
from rootspan_apiserver.resources.resource_k8s_io.slices import slice_spec
from rootspan_apiserver.rules import ABSENT, ROOT, Rule, RuleContext
from tests.apiserver.resources.resource_k8s_io.objects import (
    CLAIM,
    COUNTERS,
    REMOVE,
    RESULT,
    SLICE,
    STATUS,
    changed,
)
from tests.apiserver.resources.resource_k8s_io.rows import (
    CLAIM_ROWS,
    COUNTER_ROWS,
    PLACE_ROWS,
    POLICY_ROWS,
    RESULTS,
    SLICE_ROWS,
    STATUS_ROWS,
    TERM,
)

CLAIM_RULE = device_claim("spec", "devices")


def refusals(rule: Rule, value: Any, root: Any, old: Any = ABSENT) -> list[str]:
    context = RuleContext(update=old is not ABSENT, root=root)
    return [str(error).partition(" (e.g. ")[0] for error in rule.check(value, old, ROOT, context)]


@pytest.mark.parametrize(("place", "to", "expected"), CLAIM_ROWS)
def test_claim(place: str, to: Any, expected: list[str]) -> None:
    """A request, a constraint or a configuration that is wrong is refused at its place; an expected text may be its path alone."""
    claim = changed(CLAIM, place, to)
    found = refusals(CLAIM_RULE, claim, {"spec": {"devices": claim}})
    assert [
        text.partition(":")[0] if ":" not in other else text for text, other in zip(found, expected, strict=True)
    ] == expected


def test_requests_get_a_mode_and_a_count() -> None:
    """A request without a mode asks for one device; one for all devices has no count."""
    claim = {
        "requests": [{"exactly": {}}, {"firstAvailable": [{"allocationMode": "All"}, {"count": 3}]}, {"name": "none"}]
    }
    default_claim(claim)
    one = {"allocationMode": "ExactCount", "count": 1}
    assert claim["requests"] == [
        {"exactly": one},
        {"firstAvailable": [{"allocationMode": "All"}, {"count": 3, "allocationMode": "ExactCount"}]},
        {"name": "none"},
    ]


@pytest.mark.parametrize(("place", "to", "expected"), STATUS_ROWS)
def test_status_of_claim(place: str, to: Any, expected: list[str]) -> None:
    """What a driver or the scheduler may not write into the status is refused."""
    status = changed(STATUS, place, to)
    root = {"metadata": {}, "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {}}]}}, "status": status}
    found = refusals(claim_status, status, root, {})
    assert [text[: len(other)] for text, other in zip(found, expected, strict=True)] == expected


def status_refusals(status: Any, old: Any, **metadata: Any) -> list[str]:
    root = {"metadata": metadata, "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {}}]}}, "status": status}
    return refusals(claim_status, status, root, old)


def test_allocation_is_made_once() -> None:
    """An allocation can be made and taken back, and not be changed; devices can be reserved while there is one."""
    other = changed(STATUS, f"{RESULTS}/0/device", "gpu1")
    assert status_refusals(STATUS, {}) == []
    assert status_refusals({}, STATUS) == []
    assert [text.partition(":")[0] for text in status_refusals({"allocation": other["allocation"]}, STATUS)] == [
        "allocation"
    ]
    words = "may not be specified when `allocated` is not set"
    assert status_refusals({"reservedFor": STATUS["reservedFor"]}, STATUS) == [f"reservedFor: Forbidden: {words}"]


def test_claim_that_is_deleted_gets_no_consumers() -> None:
    """While a claim is being deleted, consumers may go and none may come."""
    more = changed(STATUS, "reservedFor/2", {"resource": "pods", "name": "r", "uid": "3"})
    words = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
    assert status_refusals(more, STATUS) == []
    assert status_refusals(STATUS, more, deletionTimestamp="2026-01-01T00:00:00Z") == []
    assert status_refusals(more, STATUS, deletionTimestamp="2026-01-01T00:00:00Z") == [
        f"reservedFor: Forbidden: {words}"
    ]


@pytest.mark.parametrize(("place", "to", "expected"), SLICE_ROWS)
def test_slice(place: str, to: Any, expected: list[str]) -> None:
    """A slice says who offers what and where; what is wrong is refused at its place."""
    spec = changed(SLICE, place, to)
    found = refusals(slice_spec, spec, {"spec": spec})
    assert [text[: len(other)] for text, other in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(("device", "expected"), PLACE_ROWS)
def test_device_says_where_it_is(device: Any, expected: list[str]) -> None:
    """In a slice that leaves the choice of nodes to its devices, each device makes one."""
    spec = changed(changed(SLICE, "nodeName", REMOVE), "devices", [{"name": "d", **device}]) | {
        "perDeviceNodeSelection": True
    }
    found = refusals(slice_spec, spec, {"spec": spec})
    assert [text[: len(other)] for text, other in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(("policy", "expected"), POLICY_ROWS)
def test_request_policy(policy: Any, expected: list[str]) -> None:
    """What requests may take of a shared capacity is consistent."""
    device = {"name": "d", "allowMultipleAllocations": True, "capacity": {"c": {"value": "8", "requestPolicy": policy}}}
    spec = changed(SLICE, "devices", [device])
    path = "devices[0].capacity[c].requestPolicy"
    assert refusals(slice_spec, spec, {"spec": spec}) == [f"{path}{'.' * (text[0] != ':')}{text}" for text in expected]


@pytest.mark.parametrize(("place", "to", "expected"), COUNTER_ROWS)
def test_shared_counters(place: str, to: Any, expected: list[str]) -> None:
    """Counter sets have names and counters."""
    assert refusals(slice_spec, COUNTERS, {"spec": COUNTERS}) == []
    spec = changed(COUNTERS, place, to)
    assert refusals(slice_spec, spec, {"spec": spec}) == expected


@pytest.mark.parametrize(
    ("place", "to", "path"), [("driver", "b", "driver"), ("pool/name", "b", "pool.name"), ("nodeName", "b", "nodeName")]
)
def test_slice_stays_where_it_is(place: str, to: str, path: str) -> None:
    """The driver, the pool and the node of a slice are immutable."""
    spec = changed(SLICE, place, to)
    assert refusals(slice_spec, spec, {"spec": spec}, SLICE) == [f'{path}: Invalid value: "b": field is immutable']


def test_taints_that_stay_are_not_checked() -> None:
    """A stored taint stays valid until the taints of its device change."""
    stored = changed(SLICE, "devices/0/taints/0/effect", "Old")
    assert refusals(slice_spec, stored, {"spec": stored}, stored) == []
    spec = changed(stored, "devices/0/taints/0/value", "w")
    assert len(refusals(slice_spec, spec, {"spec": spec}, stored)) == 1


@pytest.mark.parametrize("terms", [[TERM, TERM], []])
def test_slice_selects_nodes_with_one_term(terms: list[Any]) -> None:
    """The node selector of a slice has one term; the error shows the terms as kube-apiserver has them internally."""
    spec = changed(SLICE, "nodeName", REMOVE) | {"nodeSelector": {"nodeSelectorTerms": [TERM]}}
    assert refusals(slice_spec, spec, {"spec": spec}) == []
    spec["nodeSelector"] = {"nodeSelectorTerms": terms}
    shown = '{"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["a"]}],"MatchFields":null}'
    words = "must have exactly one node selector term"
    expected = f"nodeSelector.nodeSelectorTerms: Invalid value: [{','.join(shown for _ in terms)}]: {words}"
    assert refusals(slice_spec, spec, {"spec": spec})[-1] == expected


def test_long_keys_are_shortened_in_paths() -> None:
    """A key that is too long is shown with its ends."""
    spec = changed(SLICE, "devices/0/attributes", {"a" * 200: {"int": 1}})
    assert refusals(slice_spec, spec, {"spec": spec}) == [
        f"devices[0].attributes[{'a' * 47}...{'a' * 46}]: Too long: may not be more than 32 bytes"
    ]
    assert RESULT["device"] == "gpu0"
