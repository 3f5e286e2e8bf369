"""Role and ClusterRole: their rules."""

import pytest

from rootspan_apiserver.resources.rbac.cluster_role import definition as cluster_role
from rootspan_apiserver.resources.rbac.role import definition as role
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

READS = {"apiGroups": ["shop.example"], "resources": ["orders"], "verbs": ["get"]}
ROLE = KindCheck(role, {"rules": [READS]})
CLUSTER_ROLE = KindCheck(cluster_role, {"rules": [READS]})
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NAME = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
ROLE_ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": "system:orders"}, []),
    ({"metadata.name": "a/b"}, ["metadata.name: Invalid value: \"a/b\": may not contain '/'"]),
    ({"rules": REMOVED}, []),
    ({"rules.0": {}}, [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
    ]),
    ({"rules.1": {"nonResourceURLs": ["/orders"], "verbs": ["get"]}}, [
        'rules[1].nonResourceURLs: Invalid value: ["/orders"]: namespaced rules cannot apply to non-resource URLs',
    ]),
]  # fmt: skip
CLUSTER_ROLE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"rules.1": {"nonResourceURLs": ["/orders"], "verbs": ["get"]}}, []),
    ({"rules.0.nonResourceURLs": ["/orders"]}, [
        'rules[0].nonResourceURLs: Invalid value: ["/orders"]: rules cannot apply to both regular resources and non-resource URLs',
    ]),
    ({"rules.0.verbs": []}, ["rules[0].verbs: Required value: verbs must contain at least one value"]),
    ({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"shop": "yes"}}]}}, []),
    ({"aggregationRule": {}}, [
        "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
    ]),
    ({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"shop": "!"}}]}}, [
        f'aggregationRule.clusterRoleSelectors[0].matchLabels: Invalid value: "!": {VALUE}',
        "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
    ]),
    ({"aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "", "operator": "Exists"}]}]}}, [
        "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].key: Invalid value: \"\": name part must be non-empty",
        f'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].key: Invalid value: "": {NAME}',
        "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
    ]),
    ({"aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "Is"}]}]}}, [
        'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
    ]),
    ({"aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["!"]}]}]}}, [
        f'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values[0]: Invalid value: "!": {VALUE}',
        "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROLE_ROWS)
def test_role_is_checked(changes: Changes, errors: list[str]) -> None:
    """A rule of a role has verbs, API groups and resources; it cannot apply to paths."""
    assert ROLE.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CLUSTER_ROLE_ROWS)
def test_cluster_role_is_checked(changes: Changes, errors: list[str]) -> None:
    """A rule of a cluster role applies to resources or to paths; an aggregation has valid selectors."""
    assert CLUSTER_ROLE.refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kinds is without a row that it refuses."""
    assert ROLE.unchecked([changes for changes, _ in ROLE_ROWS]) == []
    assert CLUSTER_ROLE.unchecked([changes for changes, _ in CLUSTER_ROLE_ROWS]) == []


def test_update_is_checked_before_its_changes() -> None:
    """The rules come before the metadata of an update, as upstream's ValidateRoleUpdate has them."""
    assert ROLE.update_refusals({"rules.0.verbs": [], "metadata.uid": "other"}) == [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        'metadata.uid: Invalid value: "other": field is immutable',
    ]
