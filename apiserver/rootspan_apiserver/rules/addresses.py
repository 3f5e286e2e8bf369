"""IP addresses.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (IsValidIP)
"""

from collections.abc import Iterator
from ipaddress import ip_address as parsed
from typing import Any

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
        yield FieldError.invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
