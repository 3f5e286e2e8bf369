"""IP addresses and prefixes as Go's `net/netip` reads them, with its words for those that are none.

Upstream: Go's src/net/netip/netip.go
"""

import re
from ipaddress import IPv4Address, IPv6Address

from rootspan_apiserver.kube.go_quote import quote

Address = IPv4Address | IPv6Address
_HEX = re.compile("[0-9a-fA-F]*")
_FIELDS = 8
_BITS = re.compile("0|[1-9][0-9]{0,18}")


def parse_address(text: str) -> tuple[Address, str]:
    """Read an address.

    Returns:
        The address and its zone. An IPv4-mapped IPv6 address is an IPv6 address.

    Raises:
        ValueError: `ParseAddr("1.2.3"): IPv4 address too short` and the like.
    """
    for character in text:
        if character == ".":
            return IPv4Address(_version4(text, text)), ""
        if character == ":":
            return _version6(text)
        if character == "%":
            raise _error(text, "missing IPv6 address")
    raise _error(text, "unable to parse IP")


def parse_prefix(text: str) -> tuple[Address, int]:
    """Read a CIDR: its address, bits beyond the prefix included, and the length of the prefix.

    Raises:
        ValueError: `netip.ParsePrefix("1.2.3.4"): no '/'` and the like.
    """
    head = f"netip.ParsePrefix({quote(text)}): "
    address, slash, length = text.rpartition("/")
    if not slash:
        raise ValueError(f"{head}no '/'")
    try:
        found, zone = parse_address(address)
    except ValueError as error:
        raise ValueError(f"{head}{error}") from None
    if zone:
        raise ValueError(f"{head}IPv6 zones cannot be present in a prefix")
    if not _BITS.fullmatch(length):
        raise ValueError(f"{head}bad bits after slash: {quote(length)}")
    if int(length) > found.max_prefixlen:
        raise ValueError(f"{head}prefix length out of range")
    return found, int(length)


def _version4(text: str, whole: str) -> bytes:
    """Return the four bytes of an IPv4 address, which may stand at the end of an IPv6 address."""
    fields: list[int] = []
    digits = ""
    for position, character in enumerate(text):
        if character in "0123456789":
            if digits == "0":
                raise _error(whole, "IPv4 field has octet with leading zero")
            digits += character
            if int(digits) > 255:
                raise _error(whole, "IPv4 field has value >255")
        elif character == ".":
            if position in (0, len(text) - 1) or not digits:
                raise _error(whole, "IPv4 field must have at least one digit", text[position:])
            if len(fields) == 3:
                raise _error(whole, "IPv4 address too long")
            fields.append(int(digits))
            digits = ""
        else:
            raise _error(whole, "unexpected character", text[position:])
    if len(fields) < 3:
        raise _error(whole, "IPv4 address too short")
    return bytes((*fields, int(digits)))


def _version6(whole: str) -> tuple[IPv6Address, str]:
    rest, percent, zone = whole.partition("%")
    if percent and not zone:
        raise _error(whole, "zone must be a non-empty string")
    found = b""
    ellipsis = None
    if rest.startswith("::"):
        ellipsis, rest = 0, rest[2:]
    while rest and len(found) < 2 * _FIELDS:
        field, rest = _field(rest, whole)
        if rest.startswith("."):
            found += _embedded(field + rest, whole, len(found), has_ellipsis=ellipsis is not None)
            rest = ""
            break
        found += int(field, 16).to_bytes(2, "big")
        if not rest:
            break
        if not rest.startswith(":"):
            raise _error(whole, "unexpected character, want colon", rest)
        if len(rest) == 1:
            raise _error(whole, "colon must be followed by more characters", rest)
        rest = rest[1:]
        if rest.startswith(":"):
            if ellipsis is not None:
                raise _error(whole, "multiple :: in address", rest)
            ellipsis, rest = len(found), rest[1:]
    if rest:
        raise _error(whole, "trailing garbage after address", rest)
    missing = 2 * _FIELDS - len(found)
    if missing and ellipsis is None:
        raise _error(whole, "address string too short")
    if not missing and ellipsis is not None:
        raise _error(whole, "the :: must expand to at least one field of zeros")
    at = ellipsis or 0
    return IPv6Address(found[:at] + bytes(missing) + found[at:]), zone


def _field(rest: str, whole: str) -> tuple[str, str]:
    """Return the hexadecimal digits at the start of `rest`, and what is after them."""
    match = _HEX.match(rest)
    field = match[0] if match else ""
    if not field:
        raise _error(whole, "each colon-separated field must have at least one digit", rest)
    if len(field) > 4:
        raise _error(whole, "each group must have 4 or less digits", rest)
    return field, rest[len(field) :]


def _embedded(text: str, whole: str, position: int, *, has_ellipsis: bool) -> bytes:
    if not has_ellipsis and position != 12:
        raise _error(whole, "embedded IPv4 address must replace the final 2 fields of the address", text)
    if position + 4 > 16:
        raise _error(whole, "too many hex fields to fit an embedded IPv4 at the end of the address", text)
    return _version4(text, whole)


def _error(whole: str, message: str, at: str = "") -> ValueError:
    where = f" (at {quote(at)})" if at else ""
    return ValueError(f"ParseAddr({quote(whole)}): {message}{where}")
