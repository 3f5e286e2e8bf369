"""The metrics of a HorizontalPodAutoscaler, in version v2.

Upstream: pkg/apis/autoscaling/validation/validation.go (validateMetrics)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    function,
    greater_than,
    named,
    one_of,
    required,
    struct,
)
from rootspan_apiserver.rules.quantities import quantity
from rootspan_apiserver.rules.resource_names import container_resource_name

TARGET_TYPES = ("Utilization", "Value", "AverageValue")
_positive = quantity(lambda amount: amount > 0, "must be positive")

REFERENCE = struct(kind=required & named(path_segment), name=required & named(path_segment))
"""A reference to an object of some version (`CrossVersionObjectReference`), but for its version."""


def _target_type(value: str) -> list[str]:
    return [] if value in TARGET_TYPES else ["must be either Utilization, Value, or AverageValue"]


_TARGET = (
    struct(type=required("must specify a metric target type"))
    & struct(type=absent_as("", named(_target_type)))
    & struct(value=_positive, averageValue=_positive, averageUtilization=greater_than(0))
)
_IDENTIFIER = struct(name=required("must specify a metric name") & named(path_segment))
_IDENTIFIED = struct(metric=absent_as({}, _IDENTIFIER), target=absent_as({}, _TARGET))


def _needs(first: str, second: str, words: str) -> Rule:
    """Return a rule for a source whose target needs one of two fields; the error is at the first."""

    @function("validateMetricSource")
    def needs(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The target has one of two values."""
        target = value.get("target") or {}
        if target.get(first) is None and target.get(second) is None:
            yield FieldError.required(path / "target" / first, words)

    return needs


def _excludes(blamed: str, other: str, words: str) -> Rule:
    """Return a rule for a source whose target has one of two fields at most; the error is at the first."""

    @function("validateMetricSource")
    def excludes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The target has not both of two values."""
        target = value.get("target") or {}
        if target.get(blamed) is not None and target.get(other) is not None:
            yield FieldError.forbidden(path / "target" / blamed, words)

    return excludes


_OF_RESOURCE = _needs(
    "averageUtilization", "averageValue", "must set either a target raw value or a target utilization"
) & _excludes("averageValue", "averageUtilization", "may not set both a target raw value and a target utilization")
_RESOURCE_NAME = required("must specify a resource name")
SOURCES: dict[str, Rule] = {
    "object": struct(describedObject=absent_as({}, REFERENCE))
    & _IDENTIFIED
    & _needs("averageValue", "value", "must set either a target value or averageValue"),
    "external": _IDENTIFIED
    & _needs("averageValue", "value", "must set either a target value for metric or a per-pod target")
    & _excludes("value", "averageValue", "may not set both a target value for metric and a per-pod target"),
    "pods": _IDENTIFIED & _needs("averageValue", "averageValue", "must specify a positive target averageValue"),
    "resource": struct(name=_RESOURCE_NAME, target=absent_as({}, _TARGET)) & _OF_RESOURCE,
    "containerResource": struct(
        name=_RESOURCE_NAME & container_resource_name,
        container=required("must specify a container") & named(dns_label),
        target=absent_as({}, _TARGET),
    )
    & _OF_RESOURCE,
}
"""The rules of each kind of source, in the order in which upstream looks for one."""
TYPES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
"""The types of metrics, and the field of each one's source."""


@function("validateMetricSpec")
def _sources(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The first source that is there is valid, it is that of the type, and it is the only one."""
    present = [name for name in SOURCES if value.get(name) is not None]
    if present:
        first = present[0]
        yield from SOURCES[first].check(value[first], old, path / first, context)
    kind = value.get("type") or ""
    expected = TYPES.get(kind, "")
    if not expected:
        yield FieldError.not_supported(path / "type", kind, tuple(TYPES))
    elif expected not in present:
        yield FieldError.required(path / expected, "must populate information for the given metric source")
    if len(present) != 1:
        words = "must populate the given metric source only"
        yield from (FieldError.forbidden(path / name, words) for name in sorted(present) if name != expected)


METRIC = (
    struct(type=required("must specify a metric source type")) & struct(type=absent_as("", one_of(*TYPES))) & _sources
)
