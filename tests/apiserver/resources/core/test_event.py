"""Event: its two groups, the rules of each, and its table."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import builtin_resources
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.resources.core.event import definition
from tests.apiserver.resources.kind_checks import Changes, KindCheck, changed

OLD, NEW = builtin_resources(definition)
ABOUT = {"kind": "Pod", "namespace": "default", "name": "p"}
EVENT = KindCheck(definition, {"involvedObject": ABOUT, "reason": "Started", "message": "hello", "type": "Normal"})
REPORT = {"reportingComponent": "example.com/c", "reportingInstance": "c-0", "action": "Start"}
TIMED = {**REPORT, "eventTime": "2026-01-01T00:00:00.000000Z"}
NO_MATCH = "does not match event.namespace"
NAME = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": "A/b"}, []),
    ({"involvedObject.namespace": "other"}, [f'involvedObject.namespace: Invalid value: "other": {NO_MATCH}']),
    ({"involvedObject.namespace": ""}, []),
    ({"involvedObject.namespace": "", "metadata.namespace": "kube-system"}, [f'involvedObject.namespace: Invalid value: "": {NO_MATCH}']),
    ({**TIMED, "involvedObject.namespace": "", "metadata.namespace": "kube-system"}, []),
    ({**TIMED, "involvedObject.namespace": "", "metadata.namespace": "other"}, [f'involvedObject.namespace: Invalid value: "": {NO_MATCH}']),
    ({"metadata.namespace": "a_b", "involvedObject.namespace": "a_b"}, [
        "namespace: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
    (TIMED, []),
    ({**TIMED, "reportingComponent": "", "reportingInstance": "", "action": "", "reason": ""}, [
        "reportingController: Required value",
        'reportingController: Invalid value: "": name part must be non-empty',
        f'reportingController: Invalid value: "": {NAME}',
        "reportingInstance: Required value",
        "action: Required value",
        "reason: Required value",
    ]),
    ({**TIMED, "reportingInstance": "a" * 129, "action": "a" * 129, "reason": "a" * 129, "message": "a" * 1025}, [
        'reportingInstance: Invalid value: "": can have at most 128 characters',
        'action: Invalid value: "": can have at most 128 characters',
        'reason: Invalid value: "": can have at most 128 characters',
        'message: Invalid value: "": can have at most 1024 characters',
    ]),
]  # fmt: skip
STRICT: list[tuple[Changes, list[str]]] = [
    (TIMED, []),
    ({**TIMED, "series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, []),
    ({**TIMED, "series": {"count": 1}}, ['series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value"]),
    (REPORT, ["eventTime: Required value"]),
    ({**TIMED, "type": "Other"}, ['type: Invalid value: "": has invalid value: Other']),
    ({**TIMED, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1, "source": {"host": "h"}}, [
        'firstTimestamp: Invalid value: "": needs to be unset',
        'lastTimestamp: Invalid value: "": needs to be unset',
        'count: Invalid value: "": needs to be unset',
        'source: Invalid value: "": needs to be unset',
    ]),
    ({**TIMED, "metadata.name": "A"}, [
        "metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
]  # fmt: skip
IMMUTABLE = "field is immutable"
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"metadata.labels": {"a": "b"}}, []),
    ({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, []),
    ({"series": {"count": 1, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, ['series.count: Invalid value: "": should be at least 2']),
    ({"message": "bye"}, [f'message: Invalid value: "bye": {IMMUTABLE}']),
    ({"reason": "Other"}, [f'reason: Invalid value: "Other": {IMMUTABLE}'] * 2),
    ({"type": "Warning", "action": "Stop"}, [f'type: Invalid value: "Warning": {IMMUTABLE}', f'action: Invalid value: "Stop": {IMMUTABLE}']),
    ({"reportingComponent": "example.com/d", "reportingInstance": "d-0"}, [
        f'reportingController: Invalid value: "example.com/d": {IMMUTABLE}',
        f'reportingInstance: Invalid value: "d-0": {IMMUTABLE}',
    ]),
    ({"involvedObject.name": "q"}, [
        f'involvedObject: Invalid value: {{"Kind":"Pod","Namespace":"default","Name":"q","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}}: {IMMUTABLE}',
    ]),
    ({"source": {"host": "h"}}, [f'source: Invalid value: {{"Component":"","Host":"h"}}: {IMMUTABLE}']),
    ({"count": 3}, [f"count: Invalid value: 3: {IMMUTABLE}"]),
]  # fmt: skip


def new_event(changes: Changes = TIMED) -> JSONObject:
    """An event of events.k8s.io with changes, as it is stored."""
    return EVENT.stored(changes)


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_in_core_group_is_checked(changes: Changes, errors: list[str]) -> None:
    """The core group checks no names, but where an event is and, of one that has a time, who reports it."""
    assert EVENT.refusals(changes) == errors
    assert list(map(str, OLD.strategy.validate_update(EVENT.stored(changes), EVENT.stored(), ""))) == errors


@pytest.mark.parametrize(("changes", "errors"), STRICT)
def test_create_in_new_group_is_checked(changes: Changes, errors: list[str]) -> None:
    """The newer group checks the metadata too, and that the fields of the core group are empty."""
    assert list(map(str, NEW.strategy.validate_create(new_event(changes)))) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_in_new_group_is_checked(changes: Changes, errors: list[str]) -> None:
    """Only the metadata and the series change."""
    old = new_event()
    assert list(map(str, NEW.strategy.validate_update(changed(old, changes), old, ""))) == errors


def test_versions_have_names_of_their_own() -> None:
    """The two groups name the same fields differently, and select by their own names."""
    stored = {**new_event(), "count": 2}
    shown = convert(stored, GroupVersionKind("events.k8s.io", "v1", "Event"))
    assert (shown["regarding"]["name"], shown["note"], shown["deprecatedCount"]) == ("p", "hello", 2)
    assert shown["reportingController"] == "example.com/c"
    assert convert(shown, definition.kind) == stored
    assert OLD.strategy.selectable_fields(stored)["involvedObject.name"] == "p"
    assert NEW.strategy.selectable_fields(stored)["regarding.name"] == "p"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"lastTimestamp": "2026-01-01T00:03:00Z", "firstTimestamp": "2026-01-01T00:00:00Z", "count": 3, "source": {"component": "kubelet", "host": "n"}},
            {"Last Seen": "2m", "First Seen": "5m", "Object": "pod/p", "Source": "kubelet, n", "Count": 3},
        ),
        ({**TIMED, "series": {"count": 4, "lastObservedTime": "2026-01-01T00:04:00.000000Z"}}, {"Last Seen": "60s", "First Seen": "5m", "Source": "example.com/c, c-0", "Count": 4}),
        ({}, {"Last Seen": "<unknown>", "Count": 1, "Message": "hello", "Reason": "Started", "Name": "x"}),
    ],
)  # fmt: skip
def test_table(changes: Changes, expected: dict[str, Any]) -> None:
    """Old and new events show when they happened, what they are about and who reports them."""
    row = EVENT.row(changes)
    assert {name: row[name] for name in expected} == expected
    assert EVENT.bookmark_row()[3:6] == ["", "", ""]
