"""LimitRange (v1): how much a pod, a container or a claim may ask for, and what it asks for if it says nothing.

Upstream: pkg/apis/core/validation/validation.go (ValidateLimitRange), pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem),
pkg/registry/core/limitrange/strategy.go
"""

from collections.abc import Iterator
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any
from uuid import uuid4

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount, canonical
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.resource_lists import check_resource_name
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function, struct
from rootspan_apiserver.rules.metadata import object_metadata
from rootspan_apiserver.rules.resource_names import container_resource_name

_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_ORDER = (
    ("min", "max", "min", "min", "min value {} is greater than max value {}"),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        "defaultRequest",
        "min value {} is greater than default request value {}",
    ),
    (
        "defaultRequest",
        "max",
        "defaultRequest",
        "defaultRequest",
        "default request value {} is greater than max value {}",
    ),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        "default request value {} is greater than default limit value {}",
    ),
    ("min", "default", "default", "min", "min value {} is greater than default value {}"),
    ("default", "max", "default", "max", "default value {} is greater than max value {}"),
)
"""Which bound may not be above which, at which the error is, whose value it shows, and the words."""
_WIDE = Context(prec=28, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""For quotients of quantities, whose exponents have no bounds but these."""


@function("validateLimitRangeTypeName")
def _type(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What is limited: a type that Kubernetes knows, or a qualified name."""
    reasons = qualified_name(value)
    yield from (FieldError.invalid(path, value, reason) for reason in reasons)
    if not reasons and "/" not in value and value not in _TYPES:
        yield FieldError.invalid(path, value, "must be a standard limit type or fully qualified")


@function("validateLimitRangeResourceName")
def _names(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods and containers have limits of their own resources, other types of any; limits of pods have no defaults."""
    kind = value.get("type") or ""
    yield from _names_of(value, ("max", "min"), path, context)
    if kind == "Pod":
        for key in ("default", "defaultRequest"):
            if value.get(key):
                yield FieldError.forbidden(path / key, "may not be specified when `type` is 'Pod'")
    else:
        yield from _names_of(value, ("default", "defaultRequest"), path, context)
    if kind == "PersistentVolumeClaim" and not any("storage" in (value.get(key) or {}) for key in ("min", "max")):
        words = "either minimum or maximum storage value is required, but neither was provided"
        yield FieldError.required(path / "limits", words)
    yield from _names_of(value, ("maxLimitRequestRatio",), path, context)


def _names_of(value: JSONObject, keys: tuple[str, ...], path: Path, context: RuleContext) -> Iterator[FieldError]:
    is_of_pods = value.get("type") in ("Pod", "Container")
    for key in keys:
        for name in sorted(value.get(key) or {}):
            at = (path / key).key(name)
            if is_of_pods:
                yield from container_resource_name.check(name, ABSENT, at, context)
            else:
                yield from check_resource_name(name, at)


@function("ValidateLimitRange")
def _order(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Lower bounds are not above upper ones, and ratios can be kept."""
    of_pod = value.get("type") == "Pod"
    bounds = {key: value.get(key) or {} for key in ("min", "max", "maxLimitRequestRatio")}
    bounds |= {key: {} if of_pod else value.get(key) or {} for key in ("default", "defaultRequest")}
    for name in sorted(set().union(*bounds.values())):
        numbers = {key: amount(found[name]) for key, found in bounds.items() if name in found}
        for lower, upper, place, shown, words in _ORDER:
            low, high = numbers.get(lower), numbers.get(upper)
            if low is not None and high is not None and low > high:
                detail = words.format(canonical(str(bounds[lower][name])), canonical(str(bounds[upper][name])))
                yield FieldError.invalid((path / place).key(name), canonical(str(bounds[shown][name])), detail)
        yield from _ratio(name, bounds, numbers, path)
        if not _can_overcommit(name):
            limit, request = numbers.get("default"), numbers.get("defaultRequest")
            if limit is not None and request is not None and limit != request:
                texts = [canonical(str(bounds[key][name])) for key in ("default", "defaultRequest")]
                detail = f"default value {texts[0]} must equal to defaultRequest value {texts[1]} in {name}"
                yield FieldError.invalid((path / "defaultRequest").key(name), texts[1], detail)


def _can_overcommit(name: str) -> bool:
    return ("/" not in name or "kubernetes.io/" in name) and not name.startswith("hugepages-")


def _ratio(
    name: str, bounds: dict[str, JSONObject], numbers: dict[str, Decimal | None], path: Path
) -> Iterator[FieldError]:
    ratio, low, high = (numbers.get(key) for key in ("maxLimitRequestRatio", "min", "max"))
    if ratio is None:
        return
    at, shown = (path / "maxLimitRequestRatio").key(name), canonical(str(bounds["maxLimitRequestRatio"][name]))
    if ratio < 1:
        yield FieldError.invalid(at, shown, f"ratio {shown} is less than 1")
    if low and high is not None and ratio > (most := _WIDE.divide(high, low)):
        yield FieldError.invalid(at, shown, f"ratio {shown} is greater than max/min = {float(most):f}")


@function("ValidateLimitRange")
def _once(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each type is there once."""
    seen: set[str] = set()
    for index, limit in enumerate(value):
        at, kind = path / index, limit.get("type") or ""
        yield from _type.check(kind, ABSENT, at / "type", context)
        if kind in seen:
            yield FieldError.duplicate(at / "type", kind)
        seen.add(kind)
        yield from _LIMIT.check(limit, ABSENT, at, context)


_LIMIT = _names & _order


def _default(limits: JSONObject) -> None:
    """What is not said of a container follows from its other bounds."""
    for limit in limits["spec"].get("limits") or []:
        if limit.get("type") != "Container":
            continue
        for target, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
            for name, value in (limit.get(source) or {}).items():
                limit.setdefault(target, {}).setdefault(name, value)


def _name(limits: JSONObject, context: WriteContext) -> None:
    if not limits["metadata"].get("name"):
        limits["metadata"]["name"] = str(uuid4())


_SPEC = struct(limits=_once)

definition = Definition(
    "v1",
    "LimitRange",
    "limitranges",
    short_names=("limits",),
    defaults=(_default,),
    prepare_create=_name,
    allow_create_on_update=True,
    spec=_SPEC,
    update_rules=struct(metadata=object_metadata(namespaced=True)) & struct(spec=_SPEC),
)
