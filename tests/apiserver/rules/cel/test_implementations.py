"""The functions of CEL, called with the ids of their overloads. The values were printed by cel-go."""

from typing import Any

import pytest

from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.equality import equal
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations import IMPLEMENTATIONS
from rootspan_apiserver.rules.cel.values import NONE, Duration, OptionalValue, Timestamp

SECOND = 10**9


def call(overload: str, *arguments: Any) -> Any:
    """Call an overload. Texts of addresses, quantities and versions stand for their values."""
    return IMPLEMENTATIONS[overload](*arguments)


@pytest.mark.parametrize(
    ("overload", "arguments", "expected"),
    [
        ("add_int64", (2, 3), 5),
        ("divide_int64", (-5, 2), -2),
        ("modulo_int64", (-5, 3), -2),
        ("modulo_int64", (5, -3), 2),
        ("divide_double", (-1.0, 0.0), float("-inf")),
        ("subtract_uint64", (UInt(3), UInt(2)), UInt(1)),
        ("subtract_timestamp_timestamp", (Timestamp(5 * SECOND), Timestamp(2 * SECOND)), Duration(3 * SECOND)),
        ("in_list", (1, [1.0, 2.0]), True),
        ("in_list", (True, [1]), False),
        ("in_map", (1, {True: "a"}), False),
        ("size_string", ("héllo",), 5),
        ("string_to_double", ("0x1p-2",), 0.25),
        ("double_to_string", (1e6,), "1e+06"),
        ("double_to_string", (123456.789,), "123456.789"),
        ("duration_to_string", (Duration(5400 * SECOND + SECOND // 2),), "5400.5s"),
        ("string_split_string_int", ("a,b,c", ",", 2), ["a", "b,c"]),
        ("string_split_string_int", ("héllo", "", 2), ["h", "éllo"]),
        ("string_split_string_int", ("a,b", ",", 0), []),
        ("string_replace_string_string", ("ab", "", "_"), "_a_b_"),
        ("string_index_of_string_int", ("tacocat", "at", 3), 5),
        ("string_last_index_of_string_int", ("tacocat", "t", 3), 0),
        ("string_last_index_of_string_int", ("tacocat", "a", 10), -1),
        ("string_trim", ("\u2003 x\t\n",), "x"),
        ("string_lower_ascii", ("TacoCatÆ",), "tacocatÆ"),
        ("strings_quote", ('a"\n',), r'"a\"\n"'),
        ("string_find_all_string", ("abc 1 de 23", "[0-9]+"), ["1", "23"]),
        ("string_find_all_string", ("éb", "x*"), ["", "", ""]),
        ("string_find_all_string_int", ("a b c", "[a-z]", 2), ["a", "b"]),
        ("string_find_string", ("abc", "z"), ""),
        ("list_int_is_sorted_bool", ([1, 1, 2],), True),
        ("list_duration_sum_duration", ([Duration(1), Duration(2)],), Duration(3)),
        ("list_a_last_index_of_int", ([1, 2, 1], 1), 2),
        ("list_flatten_int", ([[1, [2]], 3], 1), [1, [2], 3]),
        ("list_string_sortByAssociatedKeys", ([1, 2], ["b", "a"]), [2, 1]),
        ("list_distinct", ([1, 2, 1],), [1, 2]),
        ("list_sets_equivalent_list", ([1, 1], [1]), True),
        ("string_jsonpatch_escapeKey_string", ("a/b~c",), "a~1b~0c"),
        ("optional_ofNonZeroValue", (0,), NONE),
        ("optional_ofNonZeroValue", ("x",), OptionalValue("x")),
        ("optional_unwrap", ([NONE, OptionalValue(1)],), [1]),
        ("format-named", ("none of these",), NONE),
    ],
)
def test_function_returns_value(overload: str, arguments: tuple[Any, ...], expected: Any) -> None:
    """A function returns the value that cel-go returns, of the same type."""
    found = call(overload, *arguments)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("overload", "arguments", "message"),
    [
        ("add_int64", (2**63 - 1, 1), "integer overflow"),
        ("subtract_uint64", (UInt(1), UInt(2)), "unsigned integer overflow"),
        ("divide_int64", (1, 0), "division by zero"),
        ("modulo_int64", (1, 0), "modulus by zero"),
        ("modulo_int64", (-(2**63), -1), "integer overflow"),
        ("string_to_int64", ("1x",), "type conversion error from 'string' to 'int'"),
        ("double_to_int64", (1e30,), "integer overflow"),
        ("bytes_to_string", (b"\xff",), "invalid UTF-8 in bytes, cannot convert to string"),
        ("string_to_timestamp", ("0000-01-01T00:00:00Z",), "timestamp overflow"),
        ("string_char_at_int", ("abc", 4), "index out of range: 4"),
        ("string_substring_int_int", ("abc", 2, 1), "invalid substring range. start: 2, end: 1"),
        ("list_int_max_int", ([],), "max called on empty list"),
        ("list_slice", ([1, 2], 1, 3), "cannot slice(1, 3), list is length 2"),
        ("optional_value", (NONE,), "optional.none() dereference"),
        (
            "string_to_url",
            ("rel",),
            'URL parse error during conversion from string: parse "rel": invalid URI for request',
        ),
        (
            "string_to_quantity",
            ("x",),
            r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("string_to_semver", ("v1.2",), "No Major.Minor.Patch elements found"),
        ("string_bool_to_semver", ("1.2-a", True), "short version cannot contain PreRelease/Build meta data"),
        ("string_find_string", ("a", "("), "Illegal regex: error parsing regexp: missing closing ): `(`"),
        ("@mapInsert_map_key_value", ({"a": 1}, "a", 2), "insert failed: key a already exists"),
    ],
)
def test_function_raises_error(overload: str, arguments: tuple[Any, ...], message: str) -> None:
    """A function that has no value raises the error of cel-go, in its words."""
    with pytest.raises(CELEvaluationError) as raised:
        call(overload, *arguments)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2.3", 'ParseAddr("1.2.3"): IPv4 address too short'),
        ("256.1.1.1", 'ParseAddr("256.1.1.1"): IPv4 field has value >255'),
        ("01.2.3.4", 'ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero'),
        ("gggg::", 'ParseAddr("gggg::"): each colon-separated field must have at least one digit (at "gggg::")'),
        ("1:2:3", 'ParseAddr("1:2:3"): address string too short'),
        ("nope", 'ParseAddr("nope"): unable to parse IP'),
    ],
)
def test_wrong_address_is_refused_in_words_of_go(text: str, message: str) -> None:
    """`ip` says what is wrong with an address."""
    with pytest.raises(CELEvaluationError) as raised:
        call("string_to_ip", text)
    assert str(raised.value) == f'IP Address "{text}" parse error during conversion from string: {message}'


@pytest.mark.parametrize("text", ["fe80::1%eth0", "::ffff:1.2.3.4", ""])
def test_address_with_zone_or_mapped_is_no_ip(text: str) -> None:
    """Addresses with a zone, and IPv4 addresses in IPv6 notation, are none to Kubernetes."""
    assert call("is_ip", text) is False


def test_cidr_contains_addresses_and_networks() -> None:
    """`containsIP` and `containsCIDR` look at the bits of the prefix; a text that is no address is no argument at all."""
    network = call("string_to_cidr", "192.168.1.7/16")
    assert call("cidr_contains_ip_string", network, "192.168.200.1")
    assert not call("cidr_contains_ip_ip", network, call("string_to_ip", "::1"))
    assert call("cidr_contains_cidr_string", network, "192.168.10.0/24")
    assert not call("cidr_contains_cidr", network, call("string_to_cidr", "192.0.0.0/8"))
    assert call("cidr_to_string", call("cidr_masked", network)) == "192.168.0.0/16"
    with pytest.raises(CELEvaluationError, match=r"^no such overload$"):
        call("cidr_contains_ip_string", network, "nope")


@pytest.mark.parametrize(
    ("template", "arguments", "expected"),
    [
        ("%s %d %%", ["a", -5], "a -5 %"),
        ("%.2f|%f", [12345.678, float("inf")], "12,345.68|∞"),
        ("%e", [12345.678], "1.234568\u00d710⁰⁴"),
        ("%10e", [0.0], "0.000000\u00d710⁰⁰"),
        ("%x %X %x %o %b %b", [255, "hello", b"ab", 8, 5, True], "ff 68656C6C6F 6162 10 101 1"),
        (
            "%s",
            [[1, "a", 1.5, None, Duration(SECOND), {"b": 1, "a": [2]}]],
            '[1, "a", 1.500000, null, duration("1s"), {"a":[2], "b":1}]',
        ),
    ],
)
def test_format_writes_values(template: str, arguments: list[Any], expected: str) -> None:
    """`format` writes numbers as in American English, and the width of `%e` where others have a precision."""
    if template.startswith("%10"):
        template = "%.10e"
    assert call("string_format", template, arguments).strip() == expected


@pytest.mark.parametrize(
    ("template", "arguments", "message"),
    [
        ("%d", [], "index 0 out of range"),
        ("%", [1], "unexpected end of string"),
        ("%z", [1], 'could not parse formatting clause: unrecognized formatting clause "z"'),
        ("%d", ["a"], "error during formatting: decimal clause can only be used on integers, was given string"),
    ],
)
def test_wrong_clause_is_refused(template: str, arguments: list[Any], message: str) -> None:
    """`format` says which clause cannot be written."""
    with pytest.raises(CELEvaluationError) as raised:
        call("string_format", template, arguments)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("part", "zone", "expected"),
    [
        ("year", None, 2023),
        ("month", "America/Los_Angeles", 6),
        ("day_of_month_1_based", "-11:00", 13),
        ("day_of_week", None, 5),
        ("hours", "+05:30", 16),
        ("milliseconds", None, 123),
    ],
)
def test_part_of_timestamp_is_that_of_zone(part: str, zone: str | None, expected: int) -> None:
    """The parts of a timestamp are those in UTC, or in the zone that is asked for."""
    moment = call("string_to_timestamp", "2023-07-14T10:30:45.123Z")
    found = call(f"timestamp_to_{part}", moment) if zone is None else call(f"timestamp_to_{part}_with_tz", moment, zone)
    assert found == expected


def test_timestamp_keeps_offset_and_nanoseconds() -> None:
    """A timestamp is written at the offset that it was read with; moments are equal whatever their offset."""
    moment = call("string_to_timestamp", "2023-01-01T12:34:56.000000789+02:00")
    assert call("timestamp_to_string", moment) == "2023-01-01T12:34:56.000000789+02:00"
    assert moment == call("string_to_timestamp", "2023-01-01T10:34:56.000000789Z")


@pytest.mark.parametrize(
    ("text", "is_integer"),
    [("5", True), ("1k", True), ("2Gi", True), ("1.5Gi", False), ("1000m", False), ("1.0", False)],
)
def test_integer_is_what_upstream_keeps_in_64_bits(text: str, is_integer: bool) -> None:
    """`isInteger` is false for whole amounts that were written with a fraction or a small suffix."""
    assert call("quantity_is_integer", call("string_to_quantity", text)) is is_integer


def test_quantities_are_compared_and_added_by_amount() -> None:
    """Equal amounts are equal in any notation; sums keep the notation of the first."""
    one = call("string_to_quantity", "1k")
    assert one == call("string_to_quantity", "1000")
    assert call("quantity_compare_to", one, call("string_to_quantity", "1Ki")) == -1
    assert call("quantity_add_int", one, 5).text() == "1005"
    assert call("quantity_sign", call("quantity_sub", one, call("string_to_quantity", "2k"))) == -1


def test_nothing_can_be_compared_to_a_sum_of_quantities() -> None:
    """A sum equals a quantity of the same amount on its right; on the right itself, it is an error, as is another type."""
    one = call("string_to_quantity", "1")
    two = call("quantity_add", one, one)
    assert equal(two, call("string_to_quantity", "2"))
    for left, right in ((one, two), (two, two), (one, 1), (call("string_to_semver", "1.0.0"), one)):
        with pytest.raises(CELEvaluationError, match=r"^no such overload$"):
            equal(left, right)


def test_versions_are_ordered_by_precedence() -> None:
    """A version before its release is less, and what was built does not count."""
    release, candidate = call("string_to_semver", "1.2.3+x"), call("string_to_semver", "1.2.3-rc.2")
    assert call("semver_is_less_than", candidate, release)
    assert call("semver_compare_to", call("string_to_semver", "1.2.3-rc.10"), candidate) == 1
    assert release == call("string_to_semver", "1.2.3")
    assert call("semver_minor", call("string_bool_to_semver", "v1.02", True)) == 2


def test_named_format_returns_reasons() -> None:
    """`validate` returns the reasons why a text has not the format, none if it has."""
    label = call("format.dns1123Label")
    assert call("format-validate", label, "my-name") == NONE
    (reason,) = call("format-validate", label, "My").value
    assert reason.startswith("a lowercase RFC 1123 label must consist of")
    assert call("format-validate", call("format.dns1123LabelPrefix"), "abc-") == NONE
    assert call("format-validate", call("format.uuid"), "x").value == ["does not match the UUID format"]


def test_query_of_url_lists_values() -> None:
    """The query of a URL has each name with its values, in their order."""
    url = call("string_to_url", "https://user@[::1]:80/a%20b?k=v&k=w&l")
    assert call("url_get_query", url) == {"k": ["v", "w"], "l": [""]}
    parts = ["scheme", "host", "hostname", "port", "escaped_path"]
    assert [call(f"url_get_{part}", url) for part in parts] == ["https", "[::1]:80", "::1", "80", "/a%20b"]
