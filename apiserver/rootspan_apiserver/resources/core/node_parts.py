"""The ranges of addresses of a node's pods, and what stays of a node once it is set.

Upstream: pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate)
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, each, function
from rootspan_apiserver.rules.addresses import cidr

_RANGES_STAY = 'node updates may not change podCIDR except from "" to valid'


@function("ValidateNode")
def _one_range_per_family(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is one range of each IP family at most."""
    if len(value) < 2:
        return
    families: set[int] = set()
    for index, text in enumerate(value):
        try:
            families.add(ip_network(text, strict=False).version)
        except ValueError:
            words = f"failed to check with dual stack with error:invalid CIDR[{index}]: <nil> (invalid CIDR address: {text})"
            yield FieldError(str(path), "InternalError", f"Internal error: invalid PodCIDRs. {words}")
            families = set()
            break
    if len(families) < 2 or len(value) > 2:
        yield FieldError.invalid(path, value, "may specify no more than one CIDR for each IP family")


pod_ranges = each(cidr) & _one_range_per_family


@function("ValidateNodeUpdate")
def ranges_stay(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The ranges do not change once they are there."""
    before = [] if old is ABSENT else old.get("podCIDRs") or []
    after = value.get("podCIDRs") or []
    if not before:
        return
    changed = 1 if len(before) != len(after) else sum(new != was for new, was in zip(after, before, strict=True))
    for _ in range(changed):
        yield FieldError.forbidden(path / "podCIDRs", _RANGES_STAY)


def once_set(field: str, *, words: str = "", from_empty: bool = True) -> Rule:
    """Return the rule for a text of a node's spec that does not change.

    Args:
        from_empty: whether it may be set later where it is empty.
    """
    detail = words or f'node updates may not change {field} except from "" to valid'

    @function("ValidateNodeUpdate")
    def stays(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """What identifies the machine does not change once it is there."""
        before = "" if old is ABSENT else old.get(field) or ""
        if (before or not from_empty) and before != (value.get(field) or ""):
            yield FieldError.forbidden(path / field, detail)

    return stays


@function("ValidateNodeUpdate")
def addresses_once(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No address is there twice with the same type."""
    seen: set[tuple[str, str]] = set()
    for index, address in enumerate(value):
        key = address.get("type") or "", address.get("address") or ""
        if key in seen:
            yield FieldError.duplicate(path / index, {"Type": key[0], "Address": key[1]})
        seen.add(key)
