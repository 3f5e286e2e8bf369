"""ResourceQuota and LimitRange: what may be asked for, in all and by each."""

from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount, is_whole
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import unchanged
from rootspan_apiserver.rules.resource_names import COUNTED, OF_CONTAINERS, WHOLE

SCOPES = frozenset(
    {
        "BestEffort",
        "NotBestEffort",
        "Terminating",
        "NotTerminating",
        "PriorityClass",
        "CrossNamespacePodAffinity",
        "VolumeAttributesClass",
    }
)
OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
COMPUTED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})


class ResourceQuotaStrategy(BuiltinStrategy):
    def validate(self, obj: JSONObject) -> list[FieldError]:
        hard = obj["spec"].get("hard") or {}
        errors = []
        for name, value in sorted(hard.items()):
            number = amount(value)
            at = f"spec.hard[{name}]"
            errors += _check_counted(name, at)
            if number is not None and number < 0:
                errors.append(FieldError.invalid(at, str(value), "must be greater than or equal to 0"))
            if number is not None and not is_whole(number) and name in WHOLE:
                errors.append(FieldError.invalid(at, str(value), "must be an integer"))
        return [*errors, *_check_scopes(obj["spec"].get("scopes") or [], hard)]

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return unchanged(obj["spec"].get("scopes"), old["spec"].get("scopes"), "spec.scopes")


def _check_counted(name: str, at: str) -> list[FieldError]:
    errors = [FieldError.invalid(at, name, reason) for reason in qualified_name(name)]
    if (
        errors
        or "/" in name
        or name in COUNTED | OF_CONTAINERS
        or name.startswith(("hugepages-", "requests.hugepages-"))
    ):
        return errors
    return [
        FieldError.invalid(at, name, "must be a standard resource type or fully qualified"),
        FieldError.invalid(at, name, "must be a standard resource for quota"),
    ]


def _check_scopes(scopes: list[str], hard: JSONObject) -> Iterator[FieldError]:
    for scope in scopes:
        if scope not in SCOPES:
            yield FieldError.invalid("spec.scopes", scopes, "unsupported scope")
    narrow = {"pods"} if "BestEffort" in scopes else {"pods"} | COMPUTED
    for name in sorted(hard):
        counted = scopes and name in COUNTED | OF_CONTAINERS and "VolumeAttributesClass" not in scopes
        if counted and name not in narrow:
            yield FieldError.invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    for pair in OPPOSITES:
        if pair <= set(scopes):
            yield FieldError.invalid("spec.scopes", scopes, "conflicting scopes")


class LimitRangeStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        for limit in obj["spec"].get("limits") or []:
            if limit.get("type") != "Container":
                continue
            for target, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
                for name, value in (limit.get(source) or {}).items():
                    limit.setdefault(target, {}).setdefault(name, value)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = []
        types = set()
        for index, limit in enumerate(obj["spec"].get("limits") or []):
            at = f"spec.limits[{index}]"
            kind = limit.get("type") or ""
            if kind in types:
                errors.append(FieldError.duplicate(f"{at}.type", kind))
            types.add(kind)
            if kind == "Pod":
                detail = "may not be specified when `type` is 'Pod'"
                errors += [
                    FieldError.forbidden(f"{at}.{key}", detail)
                    for key in ("default", "defaultRequest")
                    if limit.get(key)
                ]
            errors += _check_order(limit, at)
        return errors


_ORDER = (
    ("min", "max", "min", "min value {} is greater than max value {}"),
    ("min", "defaultRequest", "defaultRequest", "min value {} is greater than default request value {}"),
    ("defaultRequest", "max", "defaultRequest", "default request value {} is greater than max value {}"),
    ("defaultRequest", "default", "defaultRequest", "default request value {} is greater than default limit value {}"),
    ("min", "default", "default", "min value {} is greater than default value {}"),
    ("default", "max", "default", "default value {} is greater than max value {}"),
)
"""Which bound may not be above which, the one that is named, and the words."""


def _check_order(limit: JSONObject, field: str) -> Iterator[FieldError]:
    for lower, upper, blamed, words in _ORDER:
        lows, highs = limit.get(lower) or {}, limit.get(upper) or {}
        for name in sorted(lows.keys() & highs.keys()):
            low, high = amount(lows[name]), amount(highs[name])
            if low is not None and high is not None and low > high:
                detail = words.format(lows[name], highs[name])
                yield FieldError.invalid(f"{field}.{blamed}[{name}]", str(limit[blamed][name]), detail)
