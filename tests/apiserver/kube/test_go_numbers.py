"""Booleans and numbers, as Go's strconv reads and writes them."""

from collections.abc import Callable

import pytest

from rootspan_apiserver.kube.go_numbers import atoi, format_float, parse_bool, parse_int, parse_uint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("t", True),
        ("T", True),
        ("true", True),
        ("TRUE", True),
        ("True", True),
        ("0", False),
        ("f", False),
        ("F", False),
        ("false", False),
        ("FALSE", False),
        ("False", False),
    ],
)
def test_boolean_is_read(text: str, value: bool) -> None:
    """Twelve spellings are booleans."""
    assert parse_bool(text) is value


def _int32(text: str) -> int:
    return parse_int(text, bits=32)


def _literal(text: str) -> int:
    return parse_int(text, literal=True)


@pytest.mark.parametrize(
    ("read", "text", "number"),
    [
        (parse_int, "0", 0),
        (parse_int, "-0", 0),
        (parse_int, "+7", 7),
        (parse_int, "007", 7),
        (parse_int, "9223372036854775807", 9223372036854775807),
        (parse_int, "-9223372036854775808", -9223372036854775808),
        (_int32, "2147483647", 2147483647),
        (_int32, "-2147483648", -2147483648),
        (_literal, "0x1F", 31),
        (_literal, "-0b11", -3),
        (_literal, "0o17", 15),
        (_literal, "017", 15),
        (_literal, "1_000", 1000),
        (_literal, "0", 0),
        (parse_uint, "0", 0),
        (parse_uint, "18446744073709551615", 18446744073709551615),
        (atoi, "12", 12),
    ],
)
def test_integer_is_read(read: Callable[[str], int], text: str, number: int) -> None:
    """Signs, leading zeros, the limits of each size, and the bases of Go's source where they are allowed."""
    assert read(text) == number


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (parse_bool, "", 'strconv.ParseBool: parsing "": invalid syntax'),
        (parse_bool, "yes", 'strconv.ParseBool: parsing "yes": invalid syntax'),
        (parse_bool, "tRUE", 'strconv.ParseBool: parsing "tRUE": invalid syntax'),
        (parse_bool, "on", 'strconv.ParseBool: parsing "on": invalid syntax'),
        (parse_bool, 'a"b', 'strconv.ParseBool: parsing "a\\"b": invalid syntax'),
        (parse_int, "9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        (parse_int, "-9223372036854775809", 'strconv.ParseInt: parsing "-9223372036854775809": value out of range'),
        (parse_int, "", 'strconv.ParseInt: parsing "": invalid syntax'),
        (parse_int, "-", 'strconv.ParseInt: parsing "-": invalid syntax'),
        (parse_int, "0x1F", 'strconv.ParseInt: parsing "0x1F": invalid syntax'),
        (parse_int, "1_000", 'strconv.ParseInt: parsing "1_000": invalid syntax'),
        (parse_int, " 1", 'strconv.ParseInt: parsing " 1": invalid syntax'),
        (parse_int, "1.0", 'strconv.ParseInt: parsing "1.0": invalid syntax'),
        (parse_int, "٣", 'strconv.ParseInt: parsing "٣": invalid syntax'),
        (_int32, "2147483648", 'strconv.ParseInt: parsing "2147483648": value out of range'),
        (_literal, "08", 'strconv.ParseInt: parsing "08": invalid syntax'),
        (_literal, "_1", 'strconv.ParseInt: parsing "_1": invalid syntax'),
        (_literal, "1_", 'strconv.ParseInt: parsing "1_": invalid syntax'),
        (_literal, "0x", 'strconv.ParseInt: parsing "0x": invalid syntax'),
        (parse_uint, "18446744073709551616", 'strconv.ParseUint: parsing "18446744073709551616": value out of range'),
        (parse_uint, "-1", 'strconv.ParseUint: parsing "-1": invalid syntax'),
        (parse_uint, "+1", 'strconv.ParseUint: parsing "+1": invalid syntax'),
        (parse_uint, "", 'strconv.ParseUint: parsing "": invalid syntax'),
        (atoi, "x", 'strconv.Atoi: parsing "x": invalid syntax'),
        (parse_int, "9" * 5000, f'strconv.ParseInt: parsing "{"9" * 5000}": value out of range'),
        (_literal, "9" * 5000, f'strconv.ParseInt: parsing "{"9" * 5000}": value out of range'),
    ],
)
def test_invalid_text_is_refused(read: Callable[[str], int], text: str, message: str) -> None:
    """The message names Go's function, the text and the reason."""
    with pytest.raises(ValueError, match="strconv") as refused:
        read(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (0.5, "0.5"),
        (2.0, "2"),
        (100000.0, "100000"),
        (123456.0, "123456"),
        (1234567.0, "1.234567e+06"),
        (123456789.0, "1.23456789e+08"),
        (0.0001, "0.0001"),
        (1e-05, "1e-05"),
        (1e20, "1e+20"),
        (1e21, "1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (-2.5, "-2.5"),
    ],
)
def test_float_is_written(value: float, text: str) -> None:
    """The fewest digits, with an exponent from 1e6 and below 1e-4."""
    assert format_float(value) == text


def test_float_that_is_no_number_is_written() -> None:
    """Infinities have a sign."""
    assert list(map(format_float, (float("nan"), float("inf"), float("-inf")))) == ["NaN", "+Inf", "-Inf"]
