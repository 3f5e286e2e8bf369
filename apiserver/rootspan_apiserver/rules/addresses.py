"""IP addresses, and ranges of them.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (IsValidIP, IsValidCIDR), pkg/apis/core/validation/validation.go
(ValidateNonSpecialIP)
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address as parsed
from ipaddress import ip_network
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

_LINK_LOCAL_MULTICAST = {4: ip_network("224.0.0.0/24"), 6: ip_network("ff02::/16")}


@function("IsValidIP")
def ip_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of IPv4 or IPv6, without a zone."""
    try:
        parsed(value)
        valid = "%" not in value
    except ValueError:
        valid = False
    if not valid:
        yield FieldError.invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


@function("IsValidCIDR")
def cidr(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A range of addresses of IPv4 or IPv6, as an address and the length of its prefix."""
    try:
        ip_network(value, strict=False)
        valid = re.search(r"/[0-9]{1,3}$", value) is not None and "%" not in value
    except ValueError:
        valid = False
    if not valid:
        yield FieldError.invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")


@function("ValidateNonSpecialIP")
def ordinary_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of one host that others reach."""
    try:
        address = parsed(value)
    except ValueError:
        return
    if address.is_unspecified:
        yield FieldError.invalid(path, value, f"may not be unspecified ({value})")
    if address.is_loopback:
        yield FieldError.invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        words = "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        yield FieldError.invalid(path, value, words)
    if address in _LINK_LOCAL_MULTICAST[address.version]:
        words = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
        yield FieldError.invalid(path, value, words)
