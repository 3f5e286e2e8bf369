"""FlowSchema: its rules, defaults and table."""

import pytest

from rootspan_apiserver.resources.flowcontrol.bootstrap import mandatory_schemas
from rootspan_apiserver.resources.flowcontrol.flow_schema import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(
    definition,
    {
        "spec": {
            "priorityLevelConfiguration": {"name": "orders"},
            "matchingPrecedence": 40,
            "rules": [
                {
                    "subjects": [
                        {"kind": "User", "user": {"name": "ada"}},
                        {"kind": "Group", "group": {"name": "staff"}},
                        {"kind": "ServiceAccount", "serviceAccount": {"name": "*", "namespace": "shop"}},
                    ],
                    "resourceRules": [
                        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["shop"]}
                    ],
                    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["/", "/orders/*"]}],
                }
            ],
        }
    },
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
VERBS = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"'
RULE, SUBJECT, RESOURCE, PATHS = "spec.rules[0]", "spec.rules[0].subjects", "spec.rules[0].resourceRules[0]", "spec.rules[0].nonResourceRules[0]"  # fmt: skip
URLS = "spec.rules.0.nonResourceRules.0.nonResourceURLs"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.matchingPrecedence": -1}, ["spec.matchingPrecedence: Invalid value: -1: must be a positive value"]),
    ({"spec.matchingPrecedence": 10001}, ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"]),
    ({"spec.matchingPrecedence": 1}, ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]),
    ({"spec.matchingPrecedence": 1, "metadata.name": "exempt", "spec.rules": REMOVED}, [
        ('spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"orders"},"MatchingPrecedence":1,"DistinguisherMethod":null,"Rules":null}: '
        "spec of 'exempt' must equal the fixed value"),
    ]),
    ({"metadata.name": "exempt", "spec": mandatory_schemas()[0]["spec"]}, []),
    ({"spec.distinguisherMethod": {"type": "ByUser"}}, []),
    ({"spec.distinguisherMethod": {"type": "ByDay"}}, ['spec.distinguisherMethod.type: Unsupported value: {"Type":"ByDay"}: supported values: "ByNamespace", "ByUser"']),
    ({"spec.priorityLevelConfiguration": REMOVED}, ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"]),
    ({"spec.priorityLevelConfiguration.name": "A"}, [f'spec.priorityLevelConfiguration.name: Invalid value: "A": {SUBDOMAIN}']),
    ({"spec.rules": REMOVED}, []),
    ({"spec.rules.0": {}}, [
        f"{SUBJECT}: Required value: subjects must contain at least one value",
        f"{RULE}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty",
    ]),
    ({"spec.rules.0.subjects.0.kind": "Robot"}, [f'{SUBJECT}[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"']),
    ({"spec.rules.0.subjects.0": {"kind": "User", "group": {"name": "x"}}}, [
        f"{SUBJECT}[0].user: Required value: user is required when subject kind is 'User'",
        f"{SUBJECT}[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    ]),
    ({"spec.rules.0.subjects.1.group.name": ""}, [f"{SUBJECT}[1].group.name: Required value"]),
    ({"spec.rules.0.subjects.2.serviceAccount": {}}, [
        f"{SUBJECT}[2].serviceAccount.name: Required value",
        f"{SUBJECT}[2].serviceAccount.namespace: Required value: must specify namespace for service account",
    ]),
    ({"spec.rules.0.subjects.2.serviceAccount": {"name": "A", "namespace": "B"}}, [
        f'{SUBJECT}[2].serviceAccount.name: Invalid value: "A": {SUBDOMAIN}',
        f'{SUBJECT}[2].serviceAccount.namespace: Invalid value: "B": {LABEL}',
    ]),
    ({"spec.rules.0.resourceRules.0": {}}, [
        f"{RESOURCE}.verbs: Required value: verbs must contain at least one value",
        f"{RESOURCE}.apiGroups: Required value: resource rules must supply at least one api group",
        f"{RESOURCE}.resources: Required value: resource rules must supply at least one resource",
        f"{RESOURCE}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace",
    ]),
    ({"spec.rules.0.resourceRules.0.verbs": ["take"]}, [f'{RESOURCE}.verbs: Unsupported value: ["take"]: supported values: {VERBS}']),
    ({"spec.rules.0.resourceRules.0.verbs": ["*", "get"]}, [f"""{RESOURCE}.verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs"""]),
    ({"spec.rules.0.resourceRules.0.apiGroups": ["*", ""]}, [f"""{RESOURCE}.apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other api groups"""]),
    ({"spec.rules.0.resourceRules.0.resources": ["pods", "*"]}, [f"""{RESOURCE}.resources: Invalid value: ["pods","*"]: if '*' is present, must not specify other resources"""]),
    ({"spec.rules.0.resourceRules.0.namespaces": REMOVED, "spec.rules.0.resourceRules.0.clusterScope": True}, []),
    ({"spec.rules.0.resourceRules.0.namespaces": ["*", "a"]}, [f"""{RESOURCE}.namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces"""]),
    ({"spec.rules.0.resourceRules.0.namespaces": ["a", "B"]}, [f"{RESOURCE}.namespaces[1]: Invalid value: \"B\": each member of this list must be '*' or a DNS-1123 label; {LABEL}"]),
    ({"spec.rules.0.nonResourceRules.0": {}}, [
        f"{PATHS}.verbs: Required value: verbs must contain at least one value",
        f"{PATHS}.nonResourceURLs: Required value: nonResourceURLs must contain at least one value",
    ]),
    ({URLS: ["*"]}, []),
    ({URLS: ["*", "/a"]}, [f"""{PATHS}.nonResourceURLs: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs"""]),
    ({URLS: ["", "a", "/a b", "/a//b", "/a*", "/*/*"]}, [
        f'{PATHS}.nonResourceURLs[0]: Invalid value: "": must not be empty',
        f'{PATHS}.nonResourceURLs[1]: Invalid value: "a": must start with slash',
        f'{PATHS}.nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space',
        f'{PATHS}.nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash',
        f'{PATHS}.nonResourceURLs[4]: Invalid value: "/a*": wildcard can only do suffix matching',
        f'{PATHS}.nonResourceURLs[5]: Invalid value: "/*/*": wildcard can only do suffix matching',
    ]),
]  # fmt: skip
STATUSES: list[tuple[Changes, list[str]]] = [
    ({"status.conditions": [{"type": "Dangling"}, {"type": "Other"}]}, []),
    (
        {"status.conditions": [{"type": "Dangling"}, {"type": "Dangling"}, {}]},
        [
            'status.conditions[1].type: Duplicate value: "Dangling"',
            "status.conditions[2].type: Required value: must not be empty",
        ],
    ),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_flow_schema_is_checked(changes: Changes, errors: list[str]) -> None:
    """It has a place and a level, and rules for known subjects and well-formed requests."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUSES)
def test_status_of_flow_schema_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each condition has a type of its own."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [KIND.updated(changes, "status")[1] for changes, _ in STATUSES]
    assert KIND.unchecked([changes for changes, _ in ROWS], statuses) == []


def test_rows_of_flow_schemas_are_sorted_by_their_place() -> None:
    """Those of one place by their names."""
    assert definition.row_order is not None
    places = [("b", 7), ("c", 5), ("a", 7)]
    objects = [KIND.stored({"metadata.name": name, "spec.matchingPrecedence": place}) for name, place in places]
    assert [obj["metadata"]["name"] for obj in sorted(objects, key=definition.row_order)] == ["c", "a", "b"]


def test_place_of_flow_schema_is_1000_by_default() -> None:
    """Absent and 0 are the same."""
    assert KIND.stored({"spec.matchingPrecedence": 0})["spec"]["matchingPrecedence"] == 1000


def test_table_shows_priority_level() -> None:
    """Whether it is missing is not known before something says so."""
    cells = {"Name": "x", "PriorityLevel": "orders", "MatchingPrecedence": 40, "DistinguisherMethod": "<none>", "Age": "5m", "MissingPL": "False"}  # fmt: skip
    assert KIND.row({"status.conditions": [{"type": "Dangling", "status": "False"}]}) == cells
    assert KIND.bookmark_row() == ["", "", 0, "<none>", "<unknown>", "?"]
