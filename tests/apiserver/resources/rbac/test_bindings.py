"""RoleBinding and ClusterRoleBinding: their rules, defaults and tables."""

import pytest

from rootspan_apiserver.resources.rbac.cluster_role_binding import definition as cluster_role_binding
from rootspan_apiserver.resources.rbac.role_binding import definition as role_binding
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

USER = {"kind": "User", "name": "ada"}
ROBOT = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
BINDING = KindCheck(role_binding, {"roleRef": {"kind": "Role", "name": "reader"}, "subjects": [USER, ROBOT]})
EVERYWHERE = KindCheck(
    cluster_role_binding, {"roleRef": {"kind": "ClusterRole", "name": "reader"}, "subjects": [USER, ROBOT]}
)
GROUP = "rbac.authorization.k8s.io"
BINDING_ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"roleRef.kind": "ClusterRole"}, []),
    ({"roleRef": {}}, [
        'roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"',
        "roleRef.name: Required value",
    ]),
    ({"roleRef.name": "a%b"}, ["roleRef.name: Invalid value: \"a%b\": may not contain '%'"]),
    ({"roleRef.apiGroup": "apps"}, [f'roleRef.apiGroup: Unsupported value: "apps": supported values: "{GROUP}"']),
    ({"subjects.1.namespace": REMOVED}, []),
    ({"subjects.1.apiGroup": "apps"}, ['subjects[1].apiGroup: Unsupported value: "apps": supported values: ""']),
    ({"subjects.1.name": "A"}, [
        "subjects[1].name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
    ({"subjects.0.apiGroup": "apps"}, [f'subjects[0].apiGroup: Unsupported value: "apps": supported values: "{GROUP}"']),
    ({"subjects.0": {}}, [
        "subjects[0].name: Required value",
        'subjects[0].kind: Unsupported value: "": supported values: "ServiceAccount", "User", "Group"',
    ]),
]  # fmt: skip
EVERYWHERE_ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"roleRef.kind": "Role"}, ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"']),
    ({"roleRef.name": ""}, ["roleRef.name: Required value"]),
    ({"roleRef.apiGroup": "apps"}, [f'roleRef.apiGroup: Unsupported value: "apps": supported values: "{GROUP}"']),
    ({"subjects.1.namespace": REMOVED}, ["subjects[1].namespace: Required value"]),
]  # fmt: skip
CHANGED_ROLE = {"roleRef.name": "writer"}


@pytest.mark.parametrize(("changes", "errors"), BINDING_ROWS)
def test_role_binding_is_checked(changes: Changes, errors: list[str]) -> None:
    """The role and every subject are of a known kind, with the API group of that kind."""
    assert BINDING.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), EVERYWHERE_ROWS)
def test_cluster_role_binding_is_checked(changes: Changes, errors: list[str]) -> None:
    """The role is a cluster role, and service accounts have a namespace."""
    assert EVERYWHERE.refusals(changes) == errors


@pytest.mark.parametrize("check", [BINDING, EVERYWHERE])
def test_role_cannot_be_changed(check: KindCheck) -> None:
    """An update gives no other role; the subjects may change."""
    kind = check.valid["roleRef"]["kind"]
    shown = f'{{"APIGroup":"{GROUP}","Kind":"{kind}","Name":"writer"}}'
    assert check.update_refusals(CHANGED_ROLE) == [f"roleRef: Invalid value: {shown}: cannot change roleRef"]
    assert check.update_refusals({"subjects": []}) == []


def test_every_rule_has_row() -> None:
    """No rule of the kinds is without a row that it refuses."""
    assert BINDING.unchecked([changes for changes, _ in BINDING_ROWS], [BINDING.updated(CHANGED_ROLE)[1]]) == []
    assert (
        EVERYWHERE.unchecked([changes for changes, _ in EVERYWHERE_ROWS], [EVERYWHERE.updated(CHANGED_ROLE)[1]]) == []
    )


def test_api_groups_are_defaulted() -> None:
    """The role, users and groups get the group of RBAC; service accounts get none."""
    stored = BINDING.stored({"subjects.2": {"kind": "Group", "name": "staff"}})
    assert stored["roleRef"]["apiGroup"] == GROUP
    assert [subject.get("apiGroup") for subject in stored["subjects"]] == [GROUP, None, GROUP]


def test_table_names_subjects() -> None:
    """Users, groups and service accounts have a column each."""
    assert BINDING.row({"subjects.2": {"kind": "User", "name": "bob"}}) == {
        "Name": "x",
        "Role": "Role/reader",
        "Age": "5m",
        "Users": "ada, bob",
        "Groups": "",
        "ServiceAccounts": "shop/robot",
    }
    assert BINDING.bookmark_row() == ["", "/", "<unknown>", "", "", ""]
