"""ResourceQuota: what it counts, its scopes, its table."""

import pytest

from rootspan_apiserver.resources.core.resource_quota import definition
from tests.apiserver.resources.kind_checks import Changes, KindCheck

RESOURCE_QUOTA = KindCheck(definition, {"spec": {"hard": {"pods": "1"}}})
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.hard': {'requests.cpu': '1', 'count/deployments.apps': '2', 'hugepages-2Mi': '1', 'requests.example.com/gpu': '1'}}, []),
    ({'spec.hard': {'storage': '1'}}, ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota']),
    ({'spec.hard': {'thing': '1'}}, ['spec.hard[thing]: Invalid value: "thing": must be a standard resource type or fully qualified', 'spec.hard[thing]: Invalid value: "thing": must be a standard resource for quota']),
    ({'spec.hard': {'a b/c': '1'}}, ['spec.hard[a b/c]: Invalid value: "a b/c": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
    ({'spec.hard': {'pods': '1.5'}}, ['spec.hard[pods]: Invalid value: "1.5": must be an integer']),
    ({'spec.hard': {'cpu': '-1'}}, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({'spec.scopes': ['BestEffort']}, []),
    ({'spec.scopes': ['Some']}, ['spec.scopes: Invalid value: ["Some"]: unsupported scope']),
    ({'spec.scopes': ['BestEffort'], 'spec.hard': {'cpu': '1'}}, ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource']),
    ({'spec.scopes': ['Terminating', 'NotTerminating']}, ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes']),
    ({'spec.scopes': ['VolumeAttributesClass'], 'spec.hard': {'requests.storage': '1'}}, []),
    ({'spec.scopes': ['VolumeAttributesClass']}, ['spec.scopes: Invalid value: ["VolumeAttributesClass"]: unsupported scope applied to resource']),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'PriorityClass', 'operator': 'In', 'values': ['high']}]}, []),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'PriorityClass', 'operator': 'In'}]}, ["spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"]),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'PriorityClass', 'operator': 'Exists', 'values': ['high']}]}, ['spec.scopeSelector.matchExpressions.values: Invalid value: ["high"]: must be no value when `operator` is \'Exist\' or \'DoesNotExist\' for scope selector']),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'BestEffort', 'operator': 'DoesNotExist'}]}, ['spec.scopeSelector.matchExpressions.operator: Invalid value: "DoesNotExist": must be \'Exists\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity']),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'Some', 'operator': 'Like'}]}, ['spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Some": unsupported scope', 'spec.scopeSelector.matchExpressions.operator: Invalid value: "Like": not a valid selector operator']),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'BestEffort', 'operator': 'Exists'}], 'spec.hard': {'cpu': '1'}}, ['spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"Exists","Values":null}]}: unsupported scope applied to resource']),
    ({'spec.scopeSelector.matchExpressions': [{'scopeName': 'BestEffort', 'operator': 'Exists'}, {'scopeName': 'NotBestEffort', 'operator': 'Exists'}]}, ['spec.scopes: Invalid value: null: conflicting scopes']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'spec.hard': {'pods': '2'}}, []),
    ('', {}, {'spec.scopes': ['BestEffort']}, ['spec.scopes: Invalid value: ["BestEffort"]: field is immutable']),
    ('', {'spec.scopes': ['BestEffort', 'PriorityClass']}, {'spec.scopes': ['PriorityClass', 'BestEffort']}, []),
    ('', {}, {'spec.hard': {'pods': '-1'}}, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
    ('status', {}, {'status.hard': {'pods': '1'}, 'status.used': {'pods': '0'}}, []),
    ('status', {}, {'status.hard': {'thing': '1'}, 'status.used': {'pods': '-1'}}, ['status.hard[thing]: Invalid value: "thing": must be a standard resource type or fully qualified', 'status.hard[thing]: Invalid value: "thing": must be a standard resource for quota', 'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert RESOURCE_QUOTA.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert RESOURCE_QUOTA.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [RESOURCE_QUOTA.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert RESOURCE_QUOTA.unchecked([changes for changes, _ in ROWS], updates) == []


def test_table_shows_what_is_used() -> None:
    """Limits and everything else have a column each."""
    row = RESOURCE_QUOTA.row(
        {"status.hard": {"pods": "2", "limits.cpu": "3", "cpu": "1"}, "status.used": {"pods": "1"}}
    )
    assert (row["Request"], row["Limit"]) == ("cpu: 0/1, pods: 1/2", "limits.cpu: 0/3")
    assert RESOURCE_QUOTA.bookmark_row() == ["", "", "", "<unknown>"]
