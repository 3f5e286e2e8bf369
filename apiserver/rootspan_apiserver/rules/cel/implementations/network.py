"""IP addresses, CIDRs and URLs.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go, urls.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any
from urllib.parse import parse_qsl

from rootspan_apiserver.kube import go_url
from rootspan_apiserver.kube.go_netip import Address, parse_address, parse_prefix
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import OpaqueValue, no_such_overload

_LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))
_LINK_LOCAL = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"))
_BROADCAST = IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class IPValue(OpaqueValue):
    """An IP address."""

    type_name = "net.IP"
    address: Address

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.address.max_prefixlen // 8

    def text(self) -> str:
        """Return the canonical form."""
        return str(self.address)


@dataclass(frozen=True, slots=True)
class CIDRValue(OpaqueValue):
    """An IP address and the length of the prefix of its network."""

    type_name = "net.CIDR"
    address: Address
    length: int

    @property
    def size(self) -> int:
        """The number of bytes of the prefix."""
        return -(-self.length // 8)

    def text(self) -> str:
        """Return the canonical form."""
        return f"{self.address}/{self.length}"


@dataclass(frozen=True, slots=True)
class URLValue(OpaqueValue):
    """A URL."""

    type_name = "kubernetes.URL"
    url: go_url.URL = field(compare=False)
    written: str

    def text(self) -> str:
        """Return the URL as it was written."""
        return self.written


def _parse_ip(text: str) -> Address:
    try:
        address, zone = parse_address(text)
    except ValueError as error:
        raise CELEvaluationError(
            f"IP Address {quote(text)} parse error during conversion from string: {error}"
        ) from None
    if zone:
        raise CELEvaluationError(f"IP address {quote(text)} with zone value is not allowed")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise CELEvaluationError(f"IPv4-mapped IPv6 address {quote(text)} is not allowed")
    return address


def _parse_cidr(text: str) -> CIDRValue:
    what = "network address parse error during conversion from string: "
    try:
        address, length = parse_prefix(text)
    except ValueError as error:
        raise CELEvaluationError(f"{what}{what}{error}") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise CELEvaluationError(f"{what}IPv4-mapped IPv6 address {quote(text)} is not allowed")
    return CIDRValue(address, length)


def _succeeds(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def call(text: str) -> bool:
        try:
            parse(text)
        except CELEvaluationError:
            return False
        return True

    return call


def _within(address: Address, networks: Any) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_global_unicast(value: IPValue) -> bool:
    address = value.address
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address == _BROADCAST
    return not special and not _within(address, _LINK_LOCAL)


def _masked(value: CIDRValue) -> CIDRValue:
    return CIDRValue(ip_network((value.address, value.length), strict=False).network_address, value.length)


def _contains_ip(value: CIDRValue, other: IPValue) -> bool:
    network = ip_network((value.address, value.length), strict=False)
    return network.version == other.address.version and other.address in network


def _contains_ip_text(value: CIDRValue, text: str) -> bool:
    try:
        return _contains_ip(value, IPValue(_parse_ip(text)))
    except CELEvaluationError:
        raise no_such_overload() from None


def _contains_cidr(value: CIDRValue, other: CIDRValue) -> bool:
    return value.length <= other.length and _contains_ip(value, IPValue(other.address))


def _parse_url(text: str) -> URLValue:
    try:
        go_url.check_request_uri(text)
        return URLValue(go_url.parse(text), text)
    except go_url.URLError as error:
        raise CELEvaluationError(f"URL parse error during conversion from string: {error}") from None


def _query(value: URLValue) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    # Go drops the pairs that have a semicolon or a wrong escape.
    pairs = (pair for pair in value.url.query.split("&") if pair and ";" not in pair and go_url.is_escaped_well(pair))
    for name, text in parse_qsl("&".join(pairs), keep_blank_values=True, errors="surrogateescape"):
        found.setdefault(name, []).append(text)
    return found


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "string_to_ip": lambda text: IPValue(_parse_ip(text)),
    "ip_family": lambda value: value.address.version,
    "ip_is_canonical": lambda text: str(_parse_ip(text)) == text,
    "ip_is_unspecified": lambda value: value.address.is_unspecified,
    "ip_is_loopback": lambda value: value.address.is_loopback,
    "ip_is_link_local_multicast": lambda value: _within(value.address, _LINK_LOCAL_MULTICAST),
    "ip_is_link_local_unicast": lambda value: _within(value.address, _LINK_LOCAL),
    "ip_is_global_unicast": _is_global_unicast,
    "is_ip": _succeeds(_parse_ip),
    "ip_to_string": IPValue.text,
    "string_to_cidr": _parse_cidr,
    "cidr_contains_ip_string": _contains_ip_text,
    "cidr_contains_ip_ip": _contains_ip,
    "cidr_contains_cidr_string": lambda value, text: _contains_cidr(value, _parse_cidr(text)),
    "cidr_contains_cidr": _contains_cidr,
    "cidr_ip": lambda value: IPValue(value.address),
    "cidr_prefix_length": lambda value: value.length,
    "cidr_masked": _masked,
    "is_cidr": _succeeds(_parse_cidr),
    "cidr_to_string": CIDRValue.text,
    "string_to_url": _parse_url,
    "url_get_scheme": lambda value: value.url.scheme,
    "url_get_host": lambda value: value.url.host,
    "url_get_hostname": lambda value: value.url.hostname,
    "url_get_port": lambda value: value.url.port,
    "url_get_escaped_path": lambda value: go_url.escape_path(value.url.path),
    "url_get_query": _query,
    "is_url_string": go_url.is_request_uri,
}
