"""IP addresses, and ranges of them.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (IsValidIP, IsValidCIDR), pkg/apis/core/validation/validation.go
(ValidateNonSpecialIP)
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address as parsed
from ipaddress import ip_network
from typing import Any

from rootspan_apiserver.kube.addresses import NO_ADDRESS, NO_CIDR, special_ranges
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext


@function("IsValidIP")
def ip_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of IPv4 or IPv6, without a zone."""
    try:
        parsed(value)
        valid = "%" not in value
    except ValueError:
        valid = False
    if not valid:
        yield FieldError.invalid(path, value, NO_ADDRESS)


@function("IsValidCIDR")
def cidr(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A range of addresses of IPv4 or IPv6, as an address and the length of its prefix."""
    try:
        ip_network(value, strict=False)
        valid = re.search(r"/[0-9]{1,3}$", value) is not None and "%" not in value
    except ValueError:
        valid = False
    if not valid:
        yield FieldError.invalid(path, value, NO_CIDR)


@function("ValidateNonSpecialIP")
def ordinary_address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of one host that others reach."""
    try:
        address = parsed(value)
    except ValueError:
        return
    yield from (FieldError.invalid(path, value, reason) for reason in special_ranges(address, value))
