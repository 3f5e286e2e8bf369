"""The three reviews of access: what each must say."""

import pytest

from rootspan_apiserver.resources.authorization import (
    local_subject_access_review,
    self_subject_access_review,
    subject_access_review,
)
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

RESOURCE = {"verb": "get", "resource": "pods", "namespace": "default"}
NAMELESS: Changes = {"metadata.name": REMOVED, "metadata.uid": ""}
SELF = KindCheck(self_subject_access_review.definition, {"spec": {"resourceAttributes": RESOURCE}})
ANYBODY = KindCheck(subject_access_review.definition, {"spec": {"resourceAttributes": RESOURCE, "user": "u"}})
LOCAL = KindCheck(local_subject_access_review.definition, {"spec": {"resourceAttributes": RESOURCE, "user": "u"}})
ONE = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
BOTH = 'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: cannot be specified in combination with resourceAttributes'
NOBODY = 'spec.user: Invalid value: "": at least one of user or group must be specified'
OTHER: Changes = {"spec.nonResourceAttributes": {"path": "/x"}}
FIELDS, LABELS = "spec.resourceAttributes.fieldSelector", "spec.resourceAttributes.labelSelector"
REQUIRED = "requirements: Required value: when {} is specified, requirements or rawSelector is required"
TWICE = 'rawSelector: Invalid value: "a=b": may not specified at the same time as requirements'
IN = [{"key": "a", "operator": "In", "values": ["b"]}]
VALUES = "Required value: must be specified when `operator` is 'In' or 'NotIn'"
ROWS: list[tuple[KindCheck, Changes, list[str]]] = [
    (SELF, {}, []),
    (SELF, {"spec": {}}, [f"spec.resourceAttributes: Invalid value: null: {ONE}"]),
    (SELF, OTHER, [BOTH]),
    (SELF, {"metadata.name": "a"}, ['metadata: Invalid value: {"name":"a"}: must be empty']),
    (ANYBODY, {}, []),
    (ANYBODY, {"spec.user": REMOVED, "spec.groups": ["g"]}, []),
    (ANYBODY, {"spec": {}}, [f"spec.resourceAttributes: Invalid value: null: {ONE}", NOBODY]),
    (ANYBODY, {"metadata.labels": {"a": "b"}}, ['metadata: Invalid value: {"labels":{"a":"b"}}: must be empty']),
    (LOCAL, {}, []),
    (LOCAL, {"spec.user": REMOVED}, [NOBODY]),
    (LOCAL, {"spec.resourceAttributes.namespace": "n"}, ['spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace']),
    (LOCAL, OTHER, [BOTH, 'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: disallowed on this kind of request']),
    (LOCAL, {"metadata.name": "a"}, ['metadata: Invalid value: {"name":"a","namespace":"default"}: must be empty except for namespace']),
    (SELF, {FIELDS: {"rawSelector": "a=b"}, LABELS: {"requirements": IN}}, []),
    (SELF, {FIELDS: {"requirements": [{"key": "a", "operator": "Near", "values": ["-"]}]}}, []),
    (ANYBODY, {FIELDS: {}, LABELS: {}}, [f"{each}.{REQUIRED.format(each)}" for each in (FIELDS, LABELS)]),
    (LOCAL, {FIELDS: {"rawSelector": "a=b", "requirements": IN}}, [f"{FIELDS}.{TWICE}"]),
    (SELF, {LABELS: {"rawSelector": "a=b", "requirements": IN}}, [f"{LABELS}.{TWICE}"]),
    (SELF, {FIELDS: {"requirements": [{"operator": "In"}]}}, [f"{FIELDS}.requirements[0].key: Required value: must be specified", f"{FIELDS}.requirements[0].values: {VALUES}"]),
    (SELF, {LABELS: {"requirements": [{"key": "a", "operator": "Exists", "values": ["x"]}]}}, [f"{LABELS}.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "field"),
    [({"key": "a b", "operator": "Exists"}, "key"), ({"key": "a", "operator": "In", "values": ["-"]}, "values[0]")],
)
def test_labels_that_no_object_can_have_are_refused(requirement: dict[str, object], field: str) -> None:
    """By key and by value; of a field selector both are free."""
    [refusal] = SELF.refusals({**NAMELESS, LABELS: {"requirements": [requirement]}})
    assert refusal.startswith(f'{LABELS}.requirements[0].{field}: Invalid value: "')
    assert SELF.refusals({**NAMELESS, FIELDS: {"requirements": [requirement]}}) == []


@pytest.mark.parametrize(("kind", "changes", "errors"), ROWS)
def test_create_is_checked(kind: KindCheck, changes: Changes, errors: list[str]) -> None:
    """The question is about one thing and one subject, and has no name."""
    assert kind.refusals({**NAMELESS, **changes}) == errors
