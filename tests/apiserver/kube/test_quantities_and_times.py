"""Quantities, times and durations in their canonical form."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube import times
from rootspan_apiserver.kube.quantity import amount, canonical, is_whole


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("1", "1"),
        ("-1.5", "-1500m"),
        (".5", "500m"),
        ("100m", "100m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("12e6", "12e6"),
        ("1e4", "10e3"),
        ("1E", "1E"),
        ("10000E", "10000E"),
        ("1024Mi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("1.5Ki", "1536"),
        ("1000Ki", "1000Ki"),
        ("512", "512"),
        ("0.1Ki", "102400m"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("1e-400", "1e-9"),
        ("-1e-10", "-1e-9"),
        ("1.0000000001", "1000000001n"),
        ("1e400", "10e399"),
        ("1e2000000000", "100e1999999998"),
        ("1e-2000000000", "1e-9"),
        ("1" + "0" * 5000, "1" + "0" * 4982 + "E"),
        ("8Ei", "9223372036854775807"),
        ("99999999999999999999Gi", "9223372036854775807"),
        ("-99999999999999999999Gi", "-9223372036854775807"),
        ("7.99Ei", "9211842821808707338240m"),
        ("9223372036854775808", "9223372036854775808"),
        ("-", "0"),
        (".", "0"),
        ("Ki", "0"),
        ("e5", "0"),
    ],
)
def test_a_quantity_has_one_form(given_text: str, expected: str) -> None:
    """The mantissa is an integer, the suffix as large as that allows, in the family that was written; and that form stays."""
    assert canonical(given_text) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("text", ["+1", "5.", "00012", "1E3", "1e0", "1e+3", "1.500", "+5Gi", "012Ki"])
def test_a_quantity_that_needs_no_other_suffix_keeps_its_spelling(text: str) -> None:
    """The real server gives back what it was given where mantissa and exponent are canonical already."""
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e30", 10**30), ("1e400", 10**400), ("8Ei", 2**63 - 1), ("1500m", Decimal("1.5")), ("0.1n", Decimal("1e-9"))],
)
def test_a_quantity_has_an_exact_value(text: str, value: Decimal) -> None:
    """Large values are compared as they are, without an overflow; only what is not an integer is not whole."""
    found = amount(text)
    assert found == value
    assert is_whole(Decimal(value)) is (value >= 10)


@pytest.mark.parametrize("text", ["1" * 300_000 + "x", "0" * 300_000 + "x", "1" * 300_000, "9" * 300_000 + "Gi"])
def test_a_long_quantity_takes_no_time(text: str) -> None:
    """The time is about linear in the digits: with one that is quadratic this test would take minutes."""
    assert (amount(text) is None) is text.endswith("x")


@pytest.mark.parametrize(
    ("given_text", "why"),
    [
        ("", "quantities must match"),
        ("٣", "quantities must match"),
        ("1 Gi", "quantities must match"),
        ("1\n", "quantities must match"),
        ("1.2.3", "quantities must match"),
        ("--1", "unable to parse quantity's suffix"),
        ("1Kim", "unable to parse quantity's suffix"),
        ("1e9999999999", "unable to parse numeric part of quantity"),
    ],
)
def test_what_is_no_quantity_is_told(given_text: str, why: str) -> None:
    """The grammar, the number or the suffix is named."""
    with pytest.raises(ValueError, match=why):
        canonical(given_text)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z"),
        ("2026-11-23T05:00:00.999Z", "2026-11-23T05:00:00Z"),
        ("2026-11-23T05:00:00+02:00", "2026-11-23T03:00:00Z"),
        ("2026-11-23T23:30:00-01:00", "2026-11-24T00:30:00Z"),
        ("0001-01-02T00:00:00Z", "0001-01-02T00:00:00Z"),
    ],
)
def test_a_time_is_utc_to_the_second(given_text: str, expected: str) -> None:
    """Offsets are applied, fractions dropped."""
    assert times.canonical_time(given_text) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("2026-11-23T05:00:00.000000Z", "2026-11-23T05:00:00.000000Z"),
        ("2026-11-23T05:00:00,123456Z", "2026-11-23T05:00:00.123456Z"),
        ("2026-11-23T23:30:00.500000-01:00", "2026-11-24T00:30:00.500000Z"),
    ],
)
def test_a_time_with_microseconds_keeps_them(given_text: str, expected: str) -> None:
    """In UTC."""
    assert times.canonical_micro_time(given_text) == expected


@pytest.mark.parametrize(
    ("given_text", "rest", "layout"),
    [
        ("2026-11-23T05:00:00Z", "Z", ".000000"),
        ("2026-11-23T05:00:00.5Z", ".5Z", ".000000"),
        ("2026-11-23T05:00:00.123+01:00", ".123+01:00", ".000000"),
        ("2026-11-23T05:00:00.1234567Z", "7Z", "Z07:00"),
        ("2026-11-23T05:00:00.123456", "", "Z07:00"),
        ("2026-11-23 05:00:00.123456Z", " 05:00:00.123456Z", "T"),
        ("", "", "2006"),
    ],
)
def test_a_time_with_microseconds_needs_six_digits(given_text: str, rest: str, layout: str) -> None:
    """The renewal of a Lease to the second is refused, in Go's words."""
    with pytest.raises(ValueError, match="parsing time") as refused:
        times.canonical_micro_time(given_text)
    assert str(refused.value) == (
        f'parsing time "{given_text}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "{rest}" as "{layout}"'
    )


@pytest.mark.parametrize(
    ("given_text", "why"),
    [
        (
            "٢026-11-23T05:00:00Z",
            'parsing time "٢026-11-23T05:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse "٢026-11-23T05:00:00Z" as "2006"',
        ),
        ("soon", 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'),
        ("2026-11-23", 'parsing time "2026-11-23" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
        (
            "2026-11-23T05:00:00",
            'parsing time "2026-11-23T05:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
        ),
        ("2026-13-23T05:00:00Z", 'parsing time "2026-13-23T05:00:00Z": month must be in 1..12'),
        ("0001-01-01T00:00:00+10:00", 'parsing time "0001-01-01T00:00:00+10:00": date value out of range'),
    ],
)
def test_what_is_no_time_is_told(given_text: str, why: str) -> None:
    """The part that cannot be read is named."""
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        times.canonical_time(given_text)


@given(st.integers(-(10**18), 10**18))
def test_durations_survive_their_text(nanoseconds: int) -> None:
    """Writing a duration and reading it gives the same number of nanoseconds."""
    assert times.duration_nanoseconds(times.duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("1h", "1h0m0s"),
        ("90s", "1m30s"),
        ("1.5h", "1h30m0s"),
        ("1500ms", "1.5s"),
        ("15us", "15µs"),
        ("0", "0s"),
        ("-2m", "-2m0s"),
        ("100ms", "100ms"),
        ("0.1" + "0" * 5000 + "s", "100ms"),
        ("0" * 5000 + "2s", "2s"),
    ],
)
def test_a_duration_is_written_as_go_does(given_text: str, expected: str) -> None:
    """Hours, minutes and seconds as far as they are needed."""
    assert times.duration(times.duration_nanoseconds(given_text)) == expected


@pytest.mark.parametrize(
    "given_text",
    [
        "",
        "1",
        "h",
        "1x",
        "1h 2m",
        "1s2",
        "1 s",
        "1d",
        "-",
        "--1s",
        "soon",
        ".",
        "99999999999h",
        "٣s",
        "9" * 5000 + "s",
        "1" * 100_000,
    ],
)
def test_what_is_no_duration_is_told(given_text: str) -> None:
    """A number without unit, a unit without number and anything else are refused."""
    with pytest.raises(ValueError, match="time: invalid duration"):
        times.duration_nanoseconds(given_text)


@given(st.integers(-60_000_000_000, 250_000_000_000))
def test_seconds_survive_their_text(seconds: int) -> None:
    """The seconds of a time are those it was made from."""
    assert times.to_seconds(times.from_seconds(seconds)) == (seconds, 0)
