"""The ranges of addresses of a node's pods, the configuration of its kubelet, and what stays of a node once it is set.

Upstream: pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate, validateNodeConfigSourceSpec)
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key, dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    Rule,
    RuleContext,
    absent_as,
    each,
    forbidden,
    function,
    named,
    required,
    struct,
)
from rootspan_apiserver.rules.addresses import cidr

_RANGES_STAY = 'node updates may not change podCIDR except from "" to valid'


@function("ValidateNode")
def _one_range_per_family(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is one range of each IP family at most."""
    if len(value) < 2:
        return
    try:
        families = {ip_network(each, strict=False).version for each in value}
    except ValueError as error:
        words = f"invalid PodCIDRs. failed to check with dual stack with error:{error}"
        yield FieldError(str(path), "InternalError", f"Internal error: {words}")
        families = set()
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


_CONFIG_MAP = struct(
    namespace=required("namespace must be set") & named(dns_label),
    name=required("name must be set") & named(dns_subdomain),
    kubeletConfigKey=required("kubeletConfigKey must be set") & named(config_key),
)


@function("validateNodeConfigSourceSpec")
def _one_source(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The configuration comes from a ConfigMap."""
    if value.get("configMap") is None:
        yield FieldError.invalid(path, {"ConfigMap": None}, "exactly one reference subfield must be non-nil")


def _source(about: Rule) -> Rule:
    return struct(configMap=about & _CONFIG_MAP) & _one_source


config_source = _source(
    struct(
        uid=forbidden("uid must not be set in spec"),
        resourceVersion=forbidden("resourceVersion must not be set in spec"),
    )
)
"""Where the kubelet is to take its configuration from."""
_USED = _source(
    struct(
        uid=absent_as("", required("uid must be set in status")),
        resourceVersion=absent_as("", required("resourceVersion must be set in status")),
    )
)
config_status = struct(assigned=_USED, active=_USED, lastKnownGood=_USED)
"""Where the kubelet has taken its configuration from."""
