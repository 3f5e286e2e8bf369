"""What a container or a whole pod asks for, and what bounds it.

Upstream: pkg/apis/core/validation/validation.go (validateResourceRequirements, validateResourceClaimNames, validatePodResources)
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, qualified_name
from rootspan_apiserver.kube.quantity import amount, canonical
from rootspan_apiserver.kube.resource_amounts import amounts_of
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.totals import SIDES, of_containers
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, forbidden, function, struct
from rootspan_apiserver.rules.quantities import not_negative_quantity, whole_quantity
from rootspan_apiserver.rules.resource_names import COUNTED, OF_CONTAINERS, container_resource_name

COMPUTED = ("cpu", "memory")
HUGE_PAGES = "hugepages-"
OF_PODS = ("cpu", HUGE_PAGES, "memory")


def is_extended(name: str) -> bool:
    """Return whether a resource is one of nodes that Kubernetes does not know, like example.com/gpu."""
    return "/" in name and "kubernetes.io/" not in name


def _can_overcommit(name: str) -> bool:
    return not is_extended(name) and not name.startswith(HUGE_PAGES)


@function("validatePodResourceName")
def pod_resource_name(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A resource that a pod can ask for as a whole."""
    if reasons := qualified_name(value):
        yield from (FieldError.invalid(path, value, reason) for reason in reasons)
    elif value in COMPUTED or value.startswith(HUGE_PAGES):
        return
    elif "/" not in value and value not in COUNTED | OF_CONTAINERS:
        yield FieldError.invalid(path, value, "must be a standard resource type or fully qualified")
    else:
        yield FieldError.not_supported(path, value, OF_PODS)


def amounts(name_rule: Rule) -> Rule:
    """Return the rule for the `requests` and `limits` of a container, or of a pod.

    Args:
        name_rule: for the names of the resources.
    """

    @function("validateResourceRequirements")
    def check(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """Names are known, amounts are not negative, requests are within the limits."""
        limits, requests = value.get("limits") or {}, value.get("requests") or {}
        for kind, found in (("limits", limits), ("requests", requests)):
            for name in sorted(found):
                at = (path / kind).key(name)
                yield from name_rule.check(name, ABSENT, at, context)
                yield from not_negative_quantity.check(found[name], ABSENT, at, context)
                if is_extended(name):
                    yield from whole_quantity.check(found[name], ABSENT, at, context)
                if kind == "requests":
                    yield from _within_limit(name, found[name], limits.get(name), path)
                yield from _divisible(name, found[name], at)
        names = limits.keys() | requests.keys()
        if any(name.startswith(HUGE_PAGES) for name in names) and names.isdisjoint(COMPUTED):
            yield FieldError.forbidden(path, "HugePages require cpu or memory")

    return check


def _within_limit(name: str, request: object, limit: object, path: Path) -> Iterator[FieldError]:
    wanted, bound = amount(request), amount(limit)
    if bound is None or wanted is None:
        if limit is None and not _can_overcommit(name):
            yield FieldError.required(path / "limits", "Limit must be set for non overcommitable resources")
        return
    shown = canonical(str(limit))
    if wanted != bound and not _can_overcommit(name):
        words = f"must be equal to {name} limit of {shown}"
        yield FieldError.invalid(path / "requests", canonical(str(request)), words)
    elif wanted > bound:
        words = f"must be less than or equal to {name} limit of {shown}"
        yield FieldError.invalid(path / "requests", canonical(str(request)), words)


def _divisible(name: str, value: object, at: Path) -> Iterator[FieldError]:
    """Yield an error for huge pages that are not whole pages."""
    if not name.startswith(HUGE_PAGES):
        return
    size, wanted = amount(name.removeprefix(HUGE_PAGES)), amount(value)
    if wanted is not None and (not size or wanted % size != Decimal(0)):
        shown = canonical(str(value))
        yield FieldError.invalid(at, shown, f"{shown} is not positive integer multiple of {name}")


@function("validateResourceClaimNames")
def _claims(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each claim is one of the pod's, and none is used twice."""
    known = context.scope.claim_names
    seen: set[str] = set()
    for index, claim in enumerate(value):
        at, name, request = path / index, claim.get("name") or "", claim.get("request") or ""
        if not name:
            yield FieldError.required(at)
            continue
        if name in seen:
            yield FieldError.duplicate(at, name)
        else:
            if request:
                yield from (FieldError.invalid(at / "request", request, reason) for reason in dns_label(request))
            key = f"{name}/{request}" if request else name
            if key in seen:
                yield FieldError.duplicate(at, key)
            elif not request:
                yield from (FieldError.duplicate(at, name) for other in seen if other.partition("/")[0] == name)
            seen.add(key)
        if name not in known:
            words = ": " + ", ".join(known) if known else " which is empty"
            message = f'Not found: "{name}": must be one of the names in pod.spec.resourceClaims{words}'
            yield FieldError(str(at), "FieldValueNotFound", message)


RESOURCES = amounts(container_resource_name) & struct(claims=_claims)
OVERHEAD = amounts(container_resource_name)


@function("validatePodResourceConsistency")
def _consistent(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The containers do not ask for more than the pod, nor have greater limits."""
    containers = context.scope.spec.get("containers") or []
    limits = value.get("limits") or {}
    for side in SIDES:
        total, bounds = of_containers(context.scope.spec, side), amounts_of(value.get(side))
        for name in sorted(total.keys() & bounds.keys()):
            if total[name].value > bounds[name].value and (side == "requests" or name.startswith(HUGE_PAGES)):
                words = f"must be greater than or equal to aggregate container {side} of {total[name]}"
                yield FieldError.invalid((path / side).key(name), str(bounds[name]), words)
    for index, container in enumerate(containers):
        for name, limit in sorted(((container.get("resources") or {}).get("limits") or {}).items()):
            if name in limits and (amount(limit) or 0) > (amount(limits[name]) or 0):
                at = (path / "containers" / index).key(name) / "limits"
                words = f"must be less than or equal to pod limits of {canonical(str(limits[name]))}"
                yield FieldError.invalid(at, canonical(str(limit)), words)


OF_POD = (
    struct(claims=forbidden("claims cannot be set for Resources at pod-level"))
    & amounts(pod_resource_name)
    & _consistent
)
"""The rules for the resources of a pod as a whole."""

_POLICIES = ("NotRequired", "RestartContainer")


@function("validateResizePolicy")
def resize_policy(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What happens to a container when its resources change; most errors are at the list."""
    never = context.scope.spec.get("restartPolicy") == "Never"
    seen: set[str] = set()
    for index, policy in enumerate(value):
        name, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if name in seen:
            yield FieldError.duplicate(path / index, name)
        seen.add(name)
        for found, choices in ((name, COMPUTED), (restart, _POLICIES)):
            if not found:
                yield FieldError.required(path)
            elif found not in choices:
                yield FieldError.not_supported(path, found, choices)
        if never and restart != "NotRequired":
            yield FieldError.invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'")
