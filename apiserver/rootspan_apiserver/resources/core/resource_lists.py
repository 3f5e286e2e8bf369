"""Amounts of resources by name, as quotas, limits and nodes have them.

Upstream: pkg/apis/core/validation/validation.go (ValidateResourceQuantityValue, validateResourceName), pkg/apis/core/helper/helpers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount, is_whole
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, function
from rootspan_apiserver.rules.resource_names import COUNTED, OF_CONTAINERS, WHOLE

STANDARD = COUNTED | OF_CONTAINERS
"""The resources that Kubernetes knows; pages of memory, `hugepages-2Mi`, are standard too."""


def is_standard(name: str) -> bool:
    """Return whether Kubernetes knows a resource."""
    return name in STANDARD or name.startswith(("hugepages-", "requests.hugepages-"))


def is_extended(name: str) -> bool:
    """Return whether a resource is one of nodes that Kubernetes does not know, like `example.com/gpu`."""
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    return not qualified_name(f"requests.{name}")


def check_resource_name(name: str, path: Path) -> Iterator[FieldError]:
    """Yield why a resource has no valid name: qualified, with a domain unless Kubernetes knows it."""
    reasons = qualified_name(name)
    yield from (FieldError.invalid(path, name, reason) for reason in reasons)
    if not reasons and "/" not in name and not is_standard(name):
        yield FieldError.invalid(path, name, "must be a standard resource type or fully qualified")


@function("ValidateResourceQuotaResourceName")
def quota_resource_name(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A resource that quotas count."""
    yield from check_resource_name(value, path)
    if "/" not in value and (value == "storage" or not is_standard(value)):
        yield FieldError.invalid(path, value, "must be a standard resource for quota")


def check_amount(name: str, value: object, path: Path) -> Iterator[FieldError]:
    """Yield why an amount is invalid: it is negative, or not whole though the resource is counted."""
    number = amount(value)
    if number is None:
        return
    if number < 0:
        yield FieldError.invalid(path, str(value), "must be greater than or equal to 0")
    if (name in WHOLE or is_extended(name)) and not is_whole(number):
        yield FieldError.invalid(path, str(value), "must be an integer")


def resource_list(name_rule: Rule | None = None, *, keyed: bool = True) -> Rule:
    """Return the rule for a map of amounts by the names of resources.

    Args:
        name_rule: for the names; None where any will do.
        keyed: whether errors are at `map[name]`, or at `map.name`.
    """

    @function("ValidateResourceQuantityValue")
    def check(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """No amount is negative, and what is counted is whole."""
        for name in sorted(value):
            at = path.key(name) if keyed else path / name
            if name_rule is not None:
                yield from name_rule.check(name, ABSENT, at, context)
            yield from check_amount(name, value[name], at)

    return check
