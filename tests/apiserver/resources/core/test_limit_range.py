"""LimitRange: its bounds, its defaults, its name."""

import pytest

from rootspan_apiserver.resources.core.limit_range import definition
from tests.apiserver.resources.kind_checks import Changes, KindCheck

LIMIT_RANGE = KindCheck(
    definition, {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1"}}]}}
)
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.limits.0.type': ''}, ['spec.limits[0].type: Invalid value: "": name part must be non-empty', 'spec.limits[0].type: Invalid value: "": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')']),
    ({'spec.limits.0.type': 'Thing'}, ['spec.limits[0].type: Invalid value: "Thing": must be a standard limit type or fully qualified']),
    ({'spec.limits.0.type': 'example.com/thing'}, []),
    ({'spec.limits.1': {'type': 'Container'}}, ['spec.limits[1].type: Duplicate value: "Container"']),
    ({'metadata.name': ''}, []),
    ({'spec.limits.0.max': {'storage': '1'}}, ['spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers', 'spec.limits[0].default[storage]: Invalid value: "storage": must be a standard resource for containers', 'spec.limits[0].defaultRequest[storage]: Invalid value: "storage": must be a standard resource for containers']),
    ({'spec.limits.0': {'type': 'PersistentVolumeClaim'}}, ['spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided']),
    ({'spec.limits.0': {'type': 'PersistentVolumeClaim', 'max': {'storage': '1'}}}, []),
    ({'spec.limits.0': {'type': 'PersistentVolumeClaim', 'max': {'storage': '1', 'a': '1'}}}, ['spec.limits[0].max[a]: Invalid value: "a": must be a standard resource type or fully qualified']),
    ({'spec.limits.0': {'type': 'Pod', 'default': {'cpu': '1'}, 'defaultRequest': {'cpu': '1'}}}, ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'", "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'"]),
    ({'spec.limits.0.min': {'cpu': '3'}}, ['spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2', 'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": min value 3 is greater than default request value 2', 'spec.limits[0].default[cpu]: Invalid value: "3": min value 3 is greater than default value 2']),
    ({'spec.limits.0.default': {'cpu': '3'}}, ['spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 2', 'spec.limits[0].default[cpu]: Invalid value: "2": default value 3 is greater than max value 2']),
    ({'spec.limits.0.defaultRequest': {'cpu': '500m'}}, ['spec.limits[0].defaultRequest[cpu]: Invalid value: "500m": min value 1 is greater than default request value 500m']),
    ({'spec.limits.0.default': {'cpu': '1'}, 'spec.limits.0.defaultRequest': {'cpu': '1500m'}}, ['spec.limits[0].defaultRequest[cpu]: Invalid value: "1500m": default request value 1500m is greater than default limit value 1']),
    ({'spec.limits.0.maxLimitRequestRatio': {'cpu': '2'}}, []),
    ({'spec.limits.0.maxLimitRequestRatio': {'cpu': '500m'}}, ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1']),
    ({'spec.limits.0.maxLimitRequestRatio': {'cpu': '3'}}, ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000']),
    ({'spec.limits.0': {'type': 'Container', 'default': {'hugepages-2Mi': '4Mi'}, 'defaultRequest': {'hugepages-2Mi': '2Mi'}}}, ['spec.limits[0].defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'spec.limits.0.max': {'cpu': '4'}}, []),
    ('', {}, {'spec.limits.0.min': {'cpu': '8'}}, ['spec.limits[0].min[cpu]: Invalid value: "8": min value 8 is greater than max value 2', 'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": min value 8 is greater than default request value 2', 'spec.limits[0].default[cpu]: Invalid value: "8": min value 8 is greater than default value 2']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert LIMIT_RANGE.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert LIMIT_RANGE.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [LIMIT_RANGE.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert LIMIT_RANGE.unchecked([changes for changes, _ in ROWS], updates) == []


def test_bounds_follow_from_each_other() -> None:
    """The default of a container is its maximum, what it requests its default or else its minimum."""
    (limit,) = LIMIT_RANGE.stored({"spec.limits.0.min": {"cpu": "1", "memory": "1Gi"}})["spec"]["limits"]
    assert limit["default"] == {"cpu": "2"}
    assert limit["defaultRequest"] == {"cpu": "2", "memory": "1Gi"}
    (limit,) = LIMIT_RANGE.stored({"spec.limits.0.type": "Pod"})["spec"]["limits"]
    assert "default" not in limit


def test_name_is_generated() -> None:
    """One that has no name gets a random one."""
    assert len(LIMIT_RANGE.stored({"metadata.name": ""})["metadata"]["name"]) == 36


@pytest.mark.parametrize("exponent", [400, 2_000_000_000])
def test_ratio_of_huge_quantities_is_compared(exponent: int) -> None:
    """No size of a number stops the server from answering."""
    limit = {
        "type": "Container",
        "max": {"cpu": f"1e{exponent}"},
        "min": {"cpu": f"1e-{exponent}"},
        "maxLimitRequestRatio": {"cpu": "2"},
    }
    assert LIMIT_RANGE.refusals({"spec.limits.0": limit}) == []
