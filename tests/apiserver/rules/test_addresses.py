"""IP addresses, and ranges of them."""

import pytest

from rootspan_apiserver.rules.addresses import cidr, ordinary_address
from tests.apiserver.rules.checking import errors_of


@pytest.mark.parametrize("text", ["10.0.0.0/8", "FD00::/64", "fd00::/64", "0.0.0.0/0"])
def test_range_is_valid(text: str) -> None:
    """An address of either family and the length of its prefix."""
    assert errors_of(cidr, text) == []


def test_range_with_further_bits_is_invalid() -> None:
    """A range is written by its first address, and without an IPv4-mapped one."""
    (further,) = errors_of(cidr, "10.1.2.3/8")
    assert further.endswith("must not have bits set beyond the prefix length")
    (mapped,) = errors_of(cidr, "::ffff:10.0.0.0/104")
    assert mapped.endswith("must not have an IPv4-mapped IPv6 address")


@pytest.mark.parametrize(
    "text", ["", "x", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.0/-1", "fe80::%1/64"]
)
def test_range_is_invalid(text: str) -> None:
    """A mask is no length, and an address alone no range."""
    (error,) = errors_of(cidr, text)
    assert error.endswith("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("192.0.2.1", []),
        ("::", ["may not be unspecified (::)"]),
        ("::1", ["may not be in the loopback range (127.0.0.0/8, ::1/128)"]),
        ("fe80::1", ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"]),
        ("ff02::1", ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"]),
    ],
)
def test_special_address_is_refused(text: str, words: list[str]) -> None:
    """Addresses that others do not reach are none of a Service."""
    errors = errors_of(ordinary_address, text)
    assert [error.partition(f'Invalid value: "{text}": ')[2] for error in errors] == words
