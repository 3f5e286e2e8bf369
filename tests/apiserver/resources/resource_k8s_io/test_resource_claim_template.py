"""ResourceClaimTemplate: its defaults, its rules on create, what stays, its table."""

import pytest

from rootspan_apiserver.resources.resource_k8s_io.resource_claim_template import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck
from tests.apiserver.resources.resource_k8s_io.objects import CLAIM, REMOVE
from tests.apiserver.resources.resource_k8s_io.rows import CLAIM_ROWS

KIND = KindCheck(definition, {"spec": {"metadata": {"labels": {"a": "b"}}, "spec": {"devices": CLAIM}}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.metadata.labels": {"/": "b"}}, ['spec.metadata.labels: Invalid value: "/": prefix part must be non-empty', 'spec.metadata.labels: Invalid value: "/": name part must be non-empty']),
    ({"spec.metadata.annotations": {"a/b/c": ""}}, ['spec.metadata.annotations: Invalid value: "a/b/c": ']),
    ({"spec.metadata": {"uid": "u", "name": "n", "finalizers": ["a"]}}, [
        "spec.metadata.name: Forbidden: cannot be set",
        "spec.metadata.uID: Forbidden: cannot be set",
        "spec.metadata.finalizers: Forbidden: cannot be set",
    ]),
    ({"spec.spec.devices.requests.0.name": ""}, ['spec.spec.devices.requests[0].name: Invalid value: ""', "spec.spec.devices.constraints[0].requests[0]: "]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """A template is refused for the metadata and the claim that it describes; an expected error may be cut short."""
    found = KIND.refusals(changes)
    assert [text[: len(error)] for text, error in zip(found, errors, strict=False)] == errors
    assert bool(found) == bool(errors)


def test_each_rule_has_a_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    rows = [changes for changes, _ in ROWS]
    rows += [
        {f"spec.spec.devices.{place.replace('/', '.')}": REMOVED if to is REMOVE else to} for place, to, _ in CLAIM_ROWS
    ]
    assert KIND.unchecked(rows, [KIND.updated({"spec.spec.devices": {}})[1]]) == []


def test_defaults() -> None:
    """A request gets an allocation mode and a count."""
    stored = KIND.stored({"spec.spec.devices.requests.0.exactly": {"deviceClassName": "c"}})
    assert stored["spec"]["spec"]["devices"]["requests"][0]["exactly"] == {
        "deviceClassName": "c",
        "allocationMode": "ExactCount",
        "count": 1,
    }


def test_spec_is_immutable() -> None:
    """An update may change the metadata only; what it wants to change is checked first."""
    assert KIND.update_refusals({"metadata.labels": {"a": "b"}}) == []
    first, *_, refusal = KIND.update_refusals({"spec.metadata.labels": {"/": "b"}})
    assert first.startswith('spec.metadata.labels: Invalid value: "/": ')
    assert refusal.startswith("spec: Invalid value: {")
    assert refusal.endswith(": field is immutable")


def test_table() -> None:
    """The table shows the name and the age."""
    assert KIND.row() == {"Name": "x", "Age": "5m"}
