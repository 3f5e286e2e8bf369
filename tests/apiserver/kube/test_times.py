"""Times of objects, as Go's time package and metav1 read and write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube import times


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z"),
        ("2026-11-23T05:00:00.999Z", "2026-11-23T05:00:00Z"),
        ("2026-11-23T05:00:00,5+02:00", "2026-11-23T03:00:00Z"),
        ("2026-11-23T23:30:00-01:00", "2026-11-24T00:30:00Z"),
        ("2026-11-23T5:00:00Z", "2026-11-23T05:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-02T00:00:00Z", "0001-01-02T00:00:00Z"),
    ],
)
def test_time_is_utc_to_the_second(text: str, written: str) -> None:
    """Offsets are applied, fractions dropped; an hour may have one digit."""
    assert times.canonical_time(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-23T05:00:00.000000Z", "2026-11-23T05:00:00.000000Z"),
        ("2026-11-23T05:00:00,123456Z", "2026-11-23T05:00:00.123456Z"),
        ("2026-11-23T23:30:00.500000-01:00", "2026-11-24T00:30:00.500000Z"),
    ],
)
def test_micro_time_is_utc_to_the_microsecond(text: str, written: str) -> None:
    """Offsets are applied, all six digits are kept."""
    assert times.canonical_micro_time(text) == written


@pytest.mark.parametrize(
    ("text", "rest", "element"),
    [
        ("soon", "soon", "2006"),
        ("", "", "2006"),
        ("2026-11-23", "", "T"),
        ("2026-11-23 05:00:00Z", " 05:00:00Z", "T"),
        ("2026-11-23T05:00:00", "", "Z07:00"),
        ("2026-11-23T05:00:00z", "z", "Z07:00"),
        ("2026-1-23T05:00:00Z", "1-23T05:00:00Z", "01"),
    ],
)
def test_time_that_does_not_fit_is_refused(text: str, rest: str, element: str) -> None:
    """The first element of the layout that does not fit is named, with the rest of the text."""
    with pytest.raises(ValueError, match="parsing time") as refused:
        times.canonical_time(text)
    layout = "2006-01-02T15:04:05Z07:00"
    assert str(refused.value) == f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'


@pytest.mark.parametrize(
    ("text", "rest", "element"),
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
def test_micro_time_needs_six_digits(text: str, rest: str, element: str) -> None:
    """The renewal of a Lease to the second is refused."""
    with pytest.raises(ValueError, match="parsing time") as refused:
        times.canonical_micro_time(text)
    layout = "2006-01-02T15:04:05.000000Z07:00"
    assert str(refused.value) == f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'


def test_text_of_invalid_time_is_escaped() -> None:
    """Bytes beyond ASCII are written as numbers."""
    with pytest.raises(ValueError, match="parsing time") as refused:
        times.canonical_time("٢")
    shown = r'"\xd9\xa2"'
    assert str(refused.value) == f'parsing time {shown} as "2006-01-02T15:04:05Z07:00": cannot parse {shown} as "2006"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-29T00:00:00Z", "day out of range"),
        ("2026-13-23T05:00:00Z", "month out of range"),
        ("2026-11-23T24:00:00Z", "hour out of range"),
        ("2026-11-23T05:60:00Z", "minute out of range"),
        ("2026-11-23T05:00:60Z", "second out of range"),
        ("2026-11-23T05:00:00+25:00", "time zone offset hour out of range"),
        ("2026-11-23T05:00:00+01:61", "time zone offset minute out of range"),
        ("2026-11-23T05:00:00ZZ", 'extra text: "Z"'),
        ("0001-01-01T00:00:00+10:00", "year out of range"),
    ],
)
def test_time_out_of_range_is_refused(text: str, reason: str) -> None:
    """What is out of range is named. Go has the year 0, which is refused here."""
    with pytest.raises(ValueError, match="parsing time") as refused:
        times.canonical_time(text)
    assert str(refused.value) == f'parsing time "{text}": {reason}'


def test_micro_time_out_of_range_is_refused() -> None:
    """The days of the month are those of the year."""
    with pytest.raises(ValueError, match="day out of range"):
        times.canonical_micro_time("2026-02-30T05:00:00.123456Z")


def test_moment_is_written() -> None:
    """To the second, and to the microsecond with all its digits."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC)
    assert times.write_time(moment) == "2026-01-02T03:04:05Z"
    assert times.write_micro_time(moment) == "2026-01-02T03:04:05.000060Z"
    assert (
        times.read_micro_time("2026-01-02T03:04:05.000060Z") == times.read_time("2026-01-02T03:04:05.00006Z") == moment
    )


@given(st.integers(-60_000_000_000, 250_000_000_000))
def test_seconds_survive_their_text(seconds: int) -> None:
    """The seconds of a time are those it was made from."""
    assert times.to_seconds(times.from_seconds(seconds)) == (seconds, 0)


def test_seconds_beyond_the_calendar_are_refused() -> None:
    """Python's last year is 9999."""
    with pytest.raises(ValueError, match="time out of range"):
        times.from_seconds(10**12)
