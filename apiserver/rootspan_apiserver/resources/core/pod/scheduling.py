"""When and how a pod is put on a node: gates that hold it back, and how pods are spread.

Upstream: pkg/apis/core/validation/validation.go (validateSchedulingGates, validateTopologySpreadConstraints)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.affinity import NO_SELECTOR
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    greater_than,
    named,
    one_of,
    required,
    struct,
)
from rootspan_apiserver.rules.label_selectors import ratcheting_label_selector

POLICIES = ("Honor", "Ignore")
_POSITIVE = greater_than(0, words="must be greater than zero")

READINESS_GATES = each(struct(conditionType=absent_as("", named(qualified_name))))


@function("validateSchedulingGates")
def scheduling_gates(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Gates have names of their own; the errors are at the gate."""
    seen = set()
    for index, gate in enumerate(value):
        name = gate.get("name") or ""
        yield from (FieldError.invalid(path / index, name, reason) for reason in qualified_name(name))
        if name in seen:
            yield FieldError.duplicate(path / index, name)
        seen.add(name)


@function("validateMinDomains")
def _domains(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A number of domains matters only where pods are not scheduled else."""
    domains, otherwise = value.get("minDomains"), value.get("whenUnsatisfiable") or ""
    if domains is None:
        return
    yield from _POSITIVE.check(domains, ABSENT, path / "minDomains", context)
    if otherwise != "DoNotSchedule":
        words = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {otherwise}"
        yield FieldError.invalid(path / "minDomains", domains, words)


@function("validateMatchLabelKeysInTopologySpread")
def _label_keys(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Keys whose values are taken from the pod are valid, and not in the selector too."""
    keys, selector = value.get("matchLabelKeys") or [], value.get("labelSelector")
    at = path / "matchLabelKeys"
    if keys and selector is None:
        yield FieldError.forbidden(at, NO_SELECTOR)
    expressions = (selector or {}).get("matchExpressions") or []
    selected = {*((selector or {}).get("matchLabels") or {}), *(expression.get("key") for expression in expressions)}
    for index, key in enumerate(keys):
        yield from (FieldError.invalid(at / index, key, reason) for reason in qualified_name(key))
        if key in selected:
            yield FieldError.invalid(at / index, key, "exists in both matchLabelKeys and labelSelector")


_BEFORE = struct(
    maxSkew=absent_as(0, _POSITIVE),
    topologyKey=required("can not be empty"),
    whenUnsatisfiable=absent_as("", one_of("DoNotSchedule", "ScheduleAnyway")),
)
_AFTER = (
    _domains
    & struct(nodeAffinityPolicy=one_of(*POLICIES), nodeTaintsPolicy=one_of(*POLICIES))
    & _label_keys
    & struct(labelSelector=ratcheting_label_selector)
)


@function("ValidateSpreadConstraintNotRepeat")
def _alone(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No constraint after this one is for the same key in the same way."""
    constraints = context.scope.spec["topologySpreadConstraints"]
    if len(constraints) == 1:
        return
    pairs = [(found.get("topologyKey") or "", found.get("whenUnsatisfiable") or "") for found in constraints]
    index = int(str(path).rpartition("[")[2].removesuffix("]"))
    pair = pairs[index]
    if pair in pairs[index + 1 :]:
        shown = f"{{{pair[0]}, {pair[1]}}}"
        yield FieldError.duplicate(path / "{topologyKey, whenUnsatisfiable}", shown)


SPREAD = each(_BEFORE & _alone & _AFTER)
