"""Which objects a quota counts.

Upstream: pkg/apis/core/validation/validation.go (validateResourceQuotaScopes, validateScopedResourceSelectorRequirement),
pkg/apis/core/helper/helpers.go (IsResourceQuotaScopeValidForResource)
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.resource_lists import is_standard
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function

_OF_PODS = frozenset({"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
_OF_BEST_EFFORT = frozenset({"pods"})
_OF_CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
_RESOURCES = {
    "BestEffort": _OF_BEST_EFFORT,
    "NotBestEffort": _OF_PODS,
    "Terminating": _OF_PODS,
    "NotTerminating": _OF_PODS,
    "PriorityClass": _OF_PODS,
    "CrossNamespacePodAffinity": _OF_PODS,
    "VolumeAttributesClass": _OF_CLAIMS,
}
"""What a quota with a scope can count."""
_OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_ONLY_EXISTS = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_EXISTS = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating,"
    " ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def _is_uncounted(scope: str, name: str) -> bool:
    return is_standard(name) and name != "storage" and name not in _RESOURCES.get(scope, {name})


def _opposed(names: Iterable[str], path: Path, shown: object) -> Iterator[FieldError]:
    found = set(names)
    yield from (FieldError.invalid(path, shown, "conflicting scopes") for pair in _OPPOSITES if pair <= found)


@function("validateResourceQuotaScopes")
def scopes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each scope is known and fits what is counted, and no two are opposites."""
    found, at = value.get("scopes") or [], path / "scopes"
    for scope in found:
        if scope not in _RESOURCES:
            yield FieldError.invalid(at, found, "unsupported scope")
        for name in sorted(value.get("hard") or {}):
            if _is_uncounted(scope, name):
                yield FieldError.invalid(at, found, "unsupported scope applied to resource")
    yield from _opposed(found, at, found)


@function("validateScopedResourceSelectorRequirement")
def scope_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each scope is known and fits what is counted; operator and values fit the scope."""
    expressions = (value.get("scopeSelector") or {}).get("matchExpressions") or []
    at = path / "scopeSelector" / "matchExpressions"
    for expression in expressions:
        scope = expression.get("scopeName") or ""
        if scope not in _RESOURCES:
            yield FieldError.invalid(at / "scopeName", scope, "unsupported scope")
        for name in sorted(value.get("hard") or {}):
            if _is_uncounted(scope, name):
                shown = {"MatchExpressions": [_as_in_go(each) for each in expressions]}
                yield FieldError.invalid(at, shown, "unsupported scope applied to resource")
        yield from _operator(scope, expression.get("operator") or "", expression.get("values") or [], at)
    names = (expression.get("scopeName") or "" for expression in expressions)
    yield from _opposed(names, path / "scopes", value.get("scopes"))


def _operator(scope: str, operator: str, values: list[str], at: Path) -> Iterator[FieldError]:
    if scope in _ONLY_EXISTS and operator != "Exists":
        yield FieldError.invalid(at / "operator", operator, _EXISTS)
    if operator in ("In", "NotIn"):
        if not values:
            words = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield FieldError.required(at / "values", words)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            words = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield FieldError.invalid(at / "values", values, words)
    else:
        yield FieldError.invalid(at / "operator", operator, "not a valid selector operator")


def _as_in_go(expression: JSONObject) -> JSONObject:
    keys = {"ScopeName": "scopeName", "Operator": "operator"}
    return {**{shown: expression.get(key) or "" for shown, key in keys.items()}, "Values": expression.get("values")}


@function("ValidateResourceQuotaUpdate")
def scopes_stay(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The scopes do not change; their order may."""
    before = (old.get("scopes") or []) if old is not ABSENT else []
    if set(value.get("scopes") or []) != set(before):
        yield FieldError.invalid(path / "scopes", value.get("scopes"), "field is immutable")
