"""IP addresses, and ranges of them.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (IsValidIPForLegacyField,
IsValidCIDRForLegacyField), pkg/apis/core/validation/validation.go (ValidateNonSpecialIP)
"""

from collections.abc import Iterator
from ipaddress import ip_address as parsed
from typing import Any

from rootspan_apiserver.kube.addresses import legacy_cidr, legacy_ip, special_ranges
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext


@function("IsValidIPForLegacyField")
def ip_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of IPv4 or IPv6, without a zone, maybe not in its canonical form."""
    yield from (FieldError.invalid(path, value, reason) for reason in legacy_ip(value))


@function("IsValidCIDRForLegacyField")
def cidr(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A range of addresses of IPv4 or IPv6, as its first address and the length of its prefix, maybe not in its canonical form."""
    yield from (FieldError.invalid(path, value, reason) for reason in legacy_cidr(value))


@function("ValidateNonSpecialIP")
def ordinary_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of one host that others reach."""
    try:
        address = parsed(value)
    except ValueError:
        return
    yield from (FieldError.invalid(path, value, reason) for reason in special_ranges(address, value))
