"""URLs, IP addresses and CIDR blocks.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/urls.go, ip.go, cidr.go, cost.go
"""

from rootspan_apiserver.rules.cel.costs import TRAVERSAL_FACTOR, CostRange, exactly
from rootspan_apiserver.rules.cel.functions import CallEstimate, CELLibrary, Estimate, function, member, overload
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, fixed, traversal
from rootspan_apiserver.rules.cel.types import CIDR, IP

_NOMINAL = fixed(1)
_ADDRESS = CostRange(4, 16)
"""The bytes of an address of IPv4 or IPv6."""


def _within(parsed: bool, masked: bool) -> Estimate:
    def estimate(operands: Operands) -> CallEstimate:
        cost = (_ADDRESS + _ADDRESS).scaled(TRAVERSAL_FACTOR)
        if masked:
            cost += _ADDRESS.scaled(TRAVERSAL_FACTOR) + exactly(1)
        if parsed:
            cost += operands[1].size.scaled(TRAVERSAL_FACTOR)
        return CallEstimate(cost)

    return estimate


URL_LIBRARY = CELLibrary(
    "kubernetes.urls",
    (
        function("url", overload("string_to_url", "string -> URL", traversal(keeps_size=True))),
        function("getScheme", member("url_get_scheme", "URL -> string", _NOMINAL)),
        function("getHost", member("url_get_host", "URL -> string", _NOMINAL)),
        function("getHostname", member("url_get_hostname", "URL -> string", _NOMINAL)),
        function("getPort", member("url_get_port", "URL -> string", _NOMINAL)),
        function("getEscapedPath", member("url_get_escaped_path", "URL -> string", _NOMINAL)),
        function("getQuery", member("url_get_query", "URL -> map(string, list(string))", _NOMINAL)),
        function("isURL", overload("is_url_string", "string -> bool")),
    ),
)
IP_LIBRARY = CELLibrary(
    "kubernetes.net.ip",
    (
        function("ip", overload("string_to_ip", "string -> IP", traversal())),
        function("family", member("ip_family", "IP -> int", _NOMINAL)),
        function("ip.isCanonical", overload("ip_is_canonical", "string -> bool", traversal(factor=2))),
        function("isUnspecified", member("ip_is_unspecified", "IP -> bool", _NOMINAL)),
        function("isLoopback", member("ip_is_loopback", "IP -> bool", _NOMINAL)),
        function("isLinkLocalMulticast", member("ip_is_link_local_multicast", "IP -> bool", _NOMINAL)),
        function("isLinkLocalUnicast", member("ip_is_link_local_unicast", "IP -> bool", _NOMINAL)),
        function("isGlobalUnicast", member("ip_is_global_unicast", "IP -> bool", _NOMINAL)),
        function("isIP", overload("is_ip", "string -> bool", traversal())),
        function("string", overload("ip_to_string", "IP -> string")),
    ),
    types=(IP,),
)
CIDR_LIBRARY = CELLibrary(
    "kubernetes.net.cidr",
    (
        function("cidr", overload("string_to_cidr", "string -> CIDR", traversal())),
        function(
            "containsIP",
            member("cidr_contains_ip_string", "CIDR, string -> bool", _within(parsed=True, masked=False)),
            member("cidr_contains_ip_ip", "CIDR, IP -> bool", _within(parsed=False, masked=False)),
        ),
        function(
            "containsCIDR",
            member("cidr_contains_cidr_string", "CIDR, string -> bool", _within(parsed=True, masked=True)),
            member("cidr_contains_cidr", "CIDR, CIDR -> bool", _within(parsed=False, masked=True)),
        ),
        function("ip", member("cidr_ip", "CIDR -> IP", _NOMINAL)),
        function("prefixLength", member("cidr_prefix_length", "CIDR -> int", _NOMINAL)),
        function("masked", member("cidr_masked", "CIDR -> CIDR", _NOMINAL)),
        function("isCIDR", overload("is_cidr", "string -> bool", traversal())),
        function("string", overload("cidr_to_string", "CIDR -> string")),
    ),
    types=(CIDR,),
)
