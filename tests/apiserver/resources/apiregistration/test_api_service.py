"""APIService: its rules, defaults and table."""

import pytest

from rootspan_apiserver.resources.apiregistration.api_service import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(
    definition,
    {
        "metadata": {"name": "v2.shop.example"},
        "spec": {
            "group": "shop.example",
            "version": "v2",
            "groupPriorityMinimum": 20,
            "versionPriority": 3,
            "service": {"name": "shop", "namespace": "far"},
        },
    },
)
LOCAL = {"spec.service": REMOVED}
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    (LOCAL, []),
    ({"metadata.name": "v1.", "spec.group": "", "spec.version": "v1", **LOCAL}, []),
    ({"metadata.name": "a/b"}, ["metadata.name: Invalid value: \"a/b\": may not contain '/'"]),
    ({"metadata.name": "shop"}, ['metadata.name: Invalid value: "shop": must be `spec.version+"."+spec.group`: "v2.shop.example"']),
    ({"metadata.generateName": "shop-"}, ['metadata.generateName: Invalid value: "shop-": must be `spec.version+"."+spec.group`: "v2.shop.example"']),
    ({"metadata.name": "v2.", "spec.group": REMOVED}, ["spec.group: Required value: only v1 may have an empty group and it better be legacy kube"]),
    ({"metadata.name": "v2.Shop", "spec.group": "Shop"}, [f'spec.group: Invalid value: "Shop": {SUBDOMAIN}']),
    ({"metadata.name": "2.shop.example", "spec.version": "2"}, [f'spec.version: Invalid value: "2": {LABEL}']),
    ({"spec.groupPriorityMinimum": 20000, "spec.versionPriority": 1000}, []),
    ({"spec.groupPriorityMinimum": 20001}, ["spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000"]),
    ({"spec.versionPriority": REMOVED}, ["spec.versionPriority: Invalid value: 0: must be positive and less than 1000"]),
    ({"spec.service": {}}, ["spec.service.namespace: Required value", "spec.service.name: Required value"]),
    ({"spec.service.port": 65536}, ["spec.service.port: Invalid value: 65536: port is not valid: must be between 1 and 65535, inclusive"]),
    ({"spec.insecureSkipTLSVerify": True}, []),
    ({"spec.insecureSkipTLSVerify": True, "spec.caBundle": "YWJj"}, ["spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present"]),
    ({**LOCAL, "spec.insecureSkipTLSVerify": True, "spec.caBundle": "YWJj"}, [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
        "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
    ]),
]  # fmt: skip
STATUSES: list[tuple[Changes, list[str]]] = [
    ({"status.conditions": [{"type": "Available", "status": "False"}]}, []),
    (
        {"status.conditions": [{"type": "Available", "status": "Perhaps"}]},
        ['status.conditions[0].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"'],
    ),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_api_service_is_checked(changes: Changes, errors: list[str]) -> None:
    """The name is that of the group-version, the priorities are in range, and a service can be found and trusted."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUSES)
def test_status_of_api_service_is_checked(changes: Changes, errors: list[str]) -> None:
    """A condition is true, false or unknown."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [KIND.updated(changes, "status")[1] for changes, _ in STATUSES]
    assert KIND.unchecked([changes for changes, _ in ROWS], statuses) == []


def test_local_api_service_is_available_at_once() -> None:
    """Others are not; their port is 443 unless it is given."""
    (condition,) = KIND.stored(LOCAL)["status"]["conditions"]
    assert condition.pop("lastTransitionTime")
    assert condition == {
        "type": "Available",
        "status": "True",
        "reason": "Local",
        "message": "Local APIServices are always available",
    }
    stored = KIND.stored()
    assert not stored["status"].get("conditions")
    assert stored["spec"]["service"]["port"] == 443


def test_table_shows_availability() -> None:
    """With the reason, where the service is not available."""
    gone = {"status.conditions": [{"type": "Available", "status": "False", "reason": "NoEndpoints"}]}
    cells = {"Name": "v2.shop.example", "Service": "far/shop", "Available": "False (NoEndpoints)", "Age": "5m"}
    assert KIND.row(gone) == cells
    assert KIND.bookmark_row() == ["", "Local", "Unknown", "<unknown>"]
