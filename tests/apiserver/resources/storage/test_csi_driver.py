"""CSIDriver: its rules, its defaults, its generation, its warning, its table."""

import pytest

from rootspan_apiserver.resources.storage.csi_driver import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck, changed

DRIVER = KindCheck(definition, {"spec": {"tokenRequests": [{"audience": "vault", "expirationSeconds": 900}]}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.fsGroupPolicy": "Files"}, ['spec.fsGroupPolicy: Unsupported value: "Files": supported values: "File", "None", "ReadWriteOnceWithFSType"']),
    ({"spec.volumeLifecycleModes": ["Ephemeral", "Eternal"]}, ['spec.volumeLifecycleModes: Unsupported value: "Eternal": supported values: "Persistent", "Ephemeral"']),
    ({"spec.tokenRequests.1": {"audience": ""}}, []),
    ({"spec.tokenRequests.1": {"audience": "vault", "expirationSeconds": 1}}, ['spec.tokenRequests[1].audience: Duplicate value: "vault"']),
    ({"spec.tokenRequests.0.expirationSeconds": 599}, ["spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"]),
    ({"spec.tokenRequests.0.expirationSeconds": 4294967297}, ["spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"]),
    ({"spec.nodeAllocatableUpdatePeriodSeconds": 10}, []),
    ({"spec.nodeAllocatableUpdatePeriodSeconds": 9}, ["spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds"]),
    ({"spec.serviceAccountTokenInSecrets": False}, []),
    ({"spec.serviceAccountTokenInSecrets": True, "spec.tokenRequests": REMOVED}, ["spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified"]),
]  # fmt: skip
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"spec.podInfoOnMount": True, "spec.fsGroupPolicy": "File"}, []),
    ({"spec.attachRequired": False}, ["spec.attachedRequired: Invalid value: false: field is immutable"]),
    (
        {"spec.volumeLifecycleModes": ["Ephemeral"]},
        ['spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable'],
    ),
]
UNSET = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes"


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert DRIVER.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_keeps_attachment_and_modes(changes: Changes, errors: list[str]) -> None:
    """An update checks the spec, then the changes."""
    assert DRIVER.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [DRIVER.updated(changes)[1] for changes, _ in CHANGES]
    assert DRIVER.unchecked([changes for changes, _ in ROWS], updates) == []


def test_absent_fields_get_defaults() -> None:
    """A driver attaches persistent volumes and wants nothing else, unless it says so."""
    assert DRIVER.stored({"spec": {}})["spec"] == {
        "attachRequired": True,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "podInfoOnMount": False,
        "requiresRepublish": False,
        "seLinuxMount": False,
        "storageCapacity": False,
        "volumeLifecycleModes": ["Persistent"],
    }


def test_generation_counts_changes_only() -> None:
    """A new driver has none; the first change makes it 1."""
    assert "generation" not in DRIVER.stored()["metadata"]
    assert "generation" not in DRIVER.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]
    assert DRIVER.updated({"spec.requiresRepublish": True})[0]["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("old", "changes", "warned"),
    [
        (None, {}, True),
        (None, {"spec.serviceAccountTokenInSecrets": False}, False),
        (None, {"spec.tokenRequests": []}, False),
        ({}, {"spec.requiresRepublish": True}, False),
        ({}, {"spec.tokenRequests.0.audience": "other"}, True),
        ({"spec.serviceAccountTokenInSecrets": True}, {}, False),
    ],
)
def test_tokens_outside_secrets_are_warned_of(old: Changes | None, changes: Changes, warned: bool) -> None:
    """A driver that gets tokens is asked to take them as secrets, when it is made or when that changes."""
    assert definition.warnings is not None
    before = None if old is None else changed(DRIVER.valid, old)
    assert definition.warnings(changed(DRIVER.valid, changes), before) == [UNSET] * warned


def test_table_shows_capabilities() -> None:
    """Absent fields show their defaults; a bookmark has a row too."""
    assert DRIVER.row({"spec.volumeLifecycleModes": ["Persistent", "Ephemeral"]}) == {
        "Name": "x",
        "AttachRequired": True,
        "PodInfoOnMount": False,
        "StorageCapacity": False,
        "TokenRequests": "vault",
        "RequiresRepublish": False,
        "Modes": "Persistent,Ephemeral",
        "Age": "5m",
    }
    assert DRIVER.bookmark_row() == ["", True, False, False, "<unset>", False, "", "<unknown>"]
