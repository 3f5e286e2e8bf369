"""StorageClass: its rules, its defaults, its table."""

import pytest

from rootspan_apiserver.resources.storage.storage_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CLASS = KindCheck(definition, {"provisioner": "disks.example.org", "parameters": {"tier": "gold"}})
NAME_PART = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
TERM = {"matchLabelExpressions": [{"key": "rack", "values": ["a", "b"]}]}
AT = "allowedTopologies[0].matchLabelExpressions"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"provisioner": REMOVED}, ["provisioner: Required value"]),
    ({"provisioner": "Disks!"}, [f'provisioner: Invalid value: "disks!": {NAME_PART}']),
    ({"parameters": {"": "x"}}, ['parameters: Invalid value: "": field can not be empty.']),
    ({"parameters": {f"k{n}": "" for n in range(512)}}, []),
    ({"parameters": {f"k{n}": "" for n in range(513)}}, ["parameters: Too long: may not be more than 512 bytes"]),
    ({"parameters": {"k": "x" * 262143}}, []),
    ({"parameters": {"k": "x" * 262144}}, ["parameters: Too long: may not be more than 262144 bytes"]),
    ({"reclaimPolicy": ""}, []),
    ({"reclaimPolicy": "Recycle"}, ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"']),
    ({"volumeBindingMode": "Later"}, ['volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"']),
    ({"allowedTopologies": [TERM]}, []),
    ({"allowedTopologies": [TERM, TERM]}, ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""']),
    ({"allowedTopologies": [{"matchLabelExpressions": []}]}, [f'{AT}: Duplicate value: ""']),
    ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "a!", "values": ["x", "x"]}, {"key": "b"}, {"key": "b", "values": ["y"]}]}]}, [
        f'{AT}[0].values[1]: Duplicate value: "x"',
        f'{AT}[0].key: Invalid value: "a!": {NAME_PART}',
        f"{AT}[1].values: Required value",
        f'{AT}[2].key: Duplicate value: "b"',
    ]),
]  # fmt: skip
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"allowVolumeExpansion": True, "mountOptions": ["ro"]}, []),
    ({"parameters": {"tier": "tin"}}, ['parameters: Invalid value: {"tier":"tin"}: field is immutable']),
    ({"parameters": REMOVED, "provisioner": "tapes"}, [
        "parameters: Invalid value: null: field is immutable",
        'provisioner: Invalid value: "tapes": field is immutable',
    ]),
    ({"reclaimPolicy": "", "volumeBindingMode": "x"}, [
        'volumeBindingMode: Unsupported value: "x": supported values: "Immediate", "WaitForFirstConsumer"',
        'reclaimPolicy: Invalid value: "": field is immutable',
        'volumeBindingMode: Invalid value: "x": field is immutable',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert CLASS.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_changes_no_more_than_expansion_and_mount_options(changes: Changes, errors: list[str]) -> None:
    """The new class is checked, then what changed."""
    assert CLASS.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [CLASS.updated(changes)[1] for changes, _ in CHANGES]
    assert CLASS.unchecked([changes for changes, _ in ROWS], updates) == []


def test_defaults_are_delete_and_immediate() -> None:
    """A class without a policy and a mode has the usual ones."""
    stored = CLASS.stored()
    assert (stored["reclaimPolicy"], stored["volumeBindingMode"]) == ("Delete", "Immediate")


def test_table_marks_default_class() -> None:
    """The name says which class is the default; a bookmark has a row too."""
    cells = {"Provisioner": "disks.example.org", "ReclaimPolicy": "Retain", "VolumeBindingMode": "Immediate"}
    annotated: Changes = {
        "metadata.annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        "reclaimPolicy": "Retain",
    }
    assert CLASS.row(annotated) == {"Name": "x (default)", **cells, "AllowVolumeExpansion": False, "Age": "5m"}
    assert CLASS.bookmark_row() == ["", "", "Delete", "Immediate", False, "<unknown>"]
