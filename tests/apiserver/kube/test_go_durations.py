"""Durations, as Go 1.26 reads and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube.go_durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds", "written"),
    [
        ("0", 0, "0s"),
        ("+0", 0, "0s"),
        ("-0", 0, "0s"),
        ("1h", 3600000000000, "1h0m0s"),
        ("90s", 90000000000, "1m30s"),
        ("1.5h", 5400000000000, "1h30m0s"),
        ("1500ms", 1500000000, "1.5s"),
        ("15us", 15000, "15µs"),
        ("15µs", 15000, "15µs"),
        ("15μs", 15000, "15µs"),
        ("-2m", -120000000000, "-2m0s"),
        ("100ms", 100000000, "100ms"),
        ("+5s", 5000000000, "5s"),
        ("9223372036854775807ns", 9223372036854775807, "2562047h47m16.854775807s"),
        ("-9223372036854775808ns", -9223372036854775808, "-2562047h47m16.854775808s"),
        ("2562047h47m16.854775807s", 9223372036854775807, "2562047h47m16.854775807s"),
        ("0.1ns", 0, "0s"),
        ("0.3333333333333333333h", 1200000000000, "20m0s"),
    ],
)
def test_duration_is_read_and_written(text: str, nanoseconds: int, written: str) -> None:
    """Both signs, all units (two letters for micro), fractions, and the limits of 64 bits."""
    assert parse_duration(text) == nanoseconds
    assert format_duration(nanoseconds) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("+-5s", 'time: invalid duration "+-5s"'),
        ("--5s", 'time: invalid duration "--5s"'),
        ("-", 'time: invalid duration "-"'),
        ("h", 'time: invalid duration "h"'),
        (".", 'time: invalid duration "."'),
        ("s", 'time: invalid duration "s"'),
        ("1x", 'time: unknown unit "x" in duration "1x"'),
        ("1h 2m", 'time: unknown unit "h " in duration "1h 2m"'),
        ("1s2", 'time: missing unit in duration "1s2"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("3000000h", 'time: invalid duration "3000000h"'),
        ("1.5.5s", 'time: missing unit in duration "1.5.5s"'),
        ('"s', 'time: invalid duration "\\"s"'),
        ("٣s", 'time: invalid duration "\\xd9\\xa3s"'),
    ],
)
def test_invalid_duration_is_refused(text: str, message: str) -> None:
    """A missing unit and an unknown one are named; bytes beyond ASCII are escaped."""
    with pytest.raises(ValueError, match="time: ") as refused:
        parse_duration(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["9" * 5000 + "s", "1" * 100_000, "." * 100_000])
def test_long_invalid_duration_is_refused_quickly(text: str) -> None:
    """The time is linear in the length: otherwise this test would take minutes."""
    with pytest.raises(ValueError, match="time: "):
        parse_duration(text)


@pytest.mark.parametrize(("text", "nanoseconds"), [("0.1" + "0" * 5000 + "s", 10**8), ("0" * 5000 + "2s", 2 * 10**9)])
def test_long_duration_is_read(text: str, nanoseconds: int) -> None:
    """Zeros before and after the digits do not count."""
    assert parse_duration(text) == nanoseconds


@given(st.integers(-(10**15), 10**15))
def test_duration_survives_its_text(nanoseconds: int) -> None:
    """Reading what was written gives the same duration; beyond 11 days a fraction of a second may lose its last digits."""
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds
