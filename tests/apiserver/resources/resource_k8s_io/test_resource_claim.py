"""ResourceClaim: its defaults, its rules on create, what stays, its status, its table."""

from typing import Any

import pytest

from rootspan_apiserver.resources.resource_k8s_io.resource_claim import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck
from tests.apiserver.resources.resource_k8s_io.objects import CLAIM, REMOVE, RESULT, STATUS
from tests.apiserver.resources.resource_k8s_io.rows import CLAIM_ROWS, STATUS_ROWS

KIND = KindCheck(definition, {"spec": {"devices": CLAIM}})


def changes_of(place: str, to: Any, below: str) -> Changes:
    return {f"{below}.{place.replace('/', '.')}": REMOVED if to is REMOVE else to}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({}, []),
        ({"spec.devices": {}}, []),
        (
            {"spec.devices.requests.0.exactly.deviceClassName": ""},
            ["spec.devices.requests[0].exactly.deviceClassName: Required value"],
        ),
        ({"metadata.namespace": REMOVED}, ["metadata.namespace: Required value"]),
    ],
)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """A claim is refused for its metadata and for what it asks for."""
    assert KIND.refusals(changes) == errors


def test_each_rule_has_a_row() -> None:
    """No rule of the spec or the status is without a row that it refuses."""
    statuses = [
        KIND.updated({"status": STATUS, **changes_of(place, to, "status")}, "status")[1] for place, to, _ in STATUS_ROWS
    ]
    statuses.append(KIND.updated({"spec.devices.constraints": []})[1])
    assert KIND.unchecked([changes_of(place, to, "spec.devices") for place, to, _ in CLAIM_ROWS], statuses) == []


def test_defaults() -> None:
    """A request gets an allocation mode and a count, a toleration an operator."""
    stored = KIND.stored({"spec.devices.requests.0.exactly": {"deviceClassName": "c", "tolerations": [{}]}})
    assert stored["spec"]["devices"]["requests"][0]["exactly"] == {
        "deviceClassName": "c",
        "allocationMode": "ExactCount",
        "count": 1,
        "tolerations": [{"operator": "Equal"}],
    }


def test_new_claim_has_no_status_and_no_generation() -> None:
    """What a client says of the status is dropped when the claim is created."""
    stored = KIND.stored({"status": STATUS})
    assert stored["status"] == {}
    assert "generation" not in stored["metadata"]


def test_spec_is_immutable() -> None:
    """An update may change the metadata, and neither the spec nor, here, the status."""
    updated, errors = KIND.updated({"metadata.labels": {"a": "b"}, "status": STATUS})
    assert errors == []
    assert updated["status"] == {}
    (refusal,) = KIND.update_refusals({"spec.devices.constraints": []})
    assert refusal.startswith("spec: Invalid value: {")
    assert refusal.endswith(": field is immutable")


def test_status_is_written_apart() -> None:
    """A write of the status changes neither the spec nor labels, and its errors are at the status."""
    updated, errors = KIND.updated({"status": STATUS, "spec.devices": {}, "metadata.labels": {"a": "b"}}, "status")
    assert errors == []
    assert updated["status"]["allocation"] == STATUS["allocation"]
    assert updated["spec"]["devices"]["requests"][0]["name"] == "gpu"
    assert "labels" not in updated["metadata"]
    assert KIND.update_refusals({"status": STATUS, "status.reservedFor.0.name": ""}, "status") == [
        "status.reservedFor[0].name: Required value"
    ]


def test_report_about_a_deallocated_device_is_dropped() -> None:
    """With an allocation goes what drivers reported about its devices; another device's report stays and is refused."""
    stored: Changes = {"status": {"allocation": STATUS["allocation"], "devices": STATUS["devices"]}}
    updated, errors = KIND.updated({"status.allocation": REMOVED}, "status", old=stored)
    assert updated["status"].get("devices") is None
    assert errors == []
    other = {**STATUS["devices"][0], "device": "gpu9"}
    updated, refused = KIND.updated({"status.allocation": REMOVED, "status.devices.1": other}, "status", old=stored)
    assert [device["device"] for device in updated["status"]["devices"]] == ["gpu9"]
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "pending"),
        ({"status": {"allocation": {"devices": {"results": [RESULT]}}}}, "allocated"),
        ({"status": STATUS}, "allocated,reserved"),
        ({"metadata.deletionTimestamp": "2026-01-01T00:00:00Z"}, "deleted"),
        ({"metadata.deletionTimestamp": "2026-01-01T00:00:00Z", "status": STATUS}, "deleted,allocated,reserved"),
    ],
)
def test_table(changes: Changes, state: str) -> None:
    """The table shows whether devices are allocated and reserved."""
    assert KIND.row(changes) == {"Name": "x", "State": state, "Age": "5m"}
    assert KIND.bookmark_row()[1] == "pending"
