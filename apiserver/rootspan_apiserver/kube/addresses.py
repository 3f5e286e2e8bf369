"""IP addresses and CIDRs as Kubernetes reads them: what is one, and what is wrong with the ways of writing it that it refuses.

A function that returns reasons is a rule for names (`rules.named`). Fields that are older than the strict rules ("legacy" upstream) may
hold addresses that are not in their canonical form; newer ones may not.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go, pkg/apis/core/validation/validation.go (ValidateEndpointIP)
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_DOTTED = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)
_LENGTH = re.compile("[0-9]{1,6}", re.ASCII)


def parse_ip(text: str) -> Address | None:
    """Return an address, None if the text is none; leading zeros do not count, an IPv4-mapped IPv6 address is the IPv4 address."""
    if _DOTTED.fullmatch(text):
        text = ".".join(part.lstrip("0") or "0" for part in text.split("."))
    if "%" in text:  # Go's addresses have no zone.
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def parse_cidr(text: str) -> Network | None:
    """Return a network, None if the text is no CIDR; bits beyond the prefix length do not count."""
    address, slash, length = text.partition("/")
    found = parse_ip(address)
    if not slash or found is None or not _LENGTH.fullmatch(length):
        return None
    bits = int(length)
    if ":" in address and isinstance(found, IPv4Address):
        bits -= 96
    return ip_network((found, bits), strict=False) if 0 <= bits <= found.max_prefixlen else None


def legacy_ip(value: str) -> list[str]:
    """An IP address, maybe not in its canonical form."""
    if parse_ip(value) is None:
        return [NO_ADDRESS]
    if _has_leading_zeros(value):
        return ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if _is_mapped(value) else []


def canonical_ip(value: str) -> list[str]:
    """An IP address in its canonical form."""
    if reasons := legacy_ip(value):
        return reasons
    found = str(parse_ip(value))
    return [] if found == value else [f'must be in canonical form ("{found}")']


def legacy_cidr(value: str) -> list[str]:
    """A CIDR, maybe not in its canonical form, but without bits beyond its prefix length."""
    network = parse_cidr(value)
    if network is None:
        return [NO_CIDR]
    address, _, length = value.partition("/")
    if _has_leading_zeros(address) or (len(length) > 1 and length.startswith("0")):
        return ["must not have leading 0s in IP or prefix length"]
    if _is_mapped(address):
        return ["must not have an IPv4-mapped IPv6 address"]
    if parse_ip(address) != network.network_address:
        return ["must not have bits set beyond the prefix length"]
    return []


def canonical_cidr(value: str) -> list[str]:
    """A CIDR in its canonical form."""
    if reasons := legacy_cidr(value):
        return reasons
    found = str(parse_cidr(value))
    return [] if found == value else [f'must be in canonical form ("{found}")']


def endpoint_ip(value: str) -> list[str]:
    """An IP address that a service may lead to: neither unspecified nor loopback nor link-local."""
    found = parse_ip(value)
    return ["must be a valid IP address"] if found is None else special_ranges(found, value)


def special_ranges(found: Address, value: str) -> list[str]:
    """Return the special ranges that an address, written as `value`, is in: one reason each."""
    reasons = []
    if found.is_unspecified:
        reasons.append(f"may not be unspecified ({value})")
    if found.is_loopback:
        reasons.append("may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if found.is_link_local:
        reasons.append("may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if any(found in network for network in _LINK_LOCAL_MULTICAST if network.version == found.version):
        reasons.append("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
    return reasons


_LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))


def _has_leading_zeros(address: str) -> bool:
    return bool(_DOTTED.fullmatch(address)) and any(len(part) > 1 and part[0] == "0" for part in address.split("."))


def _is_mapped(address: str) -> bool:
    return ":" in address and isinstance(parse_ip(address), IPv4Address)
