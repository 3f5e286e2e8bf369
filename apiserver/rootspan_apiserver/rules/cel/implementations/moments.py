"""Timestamps and durations: how they are read and written, and `getFullYear` and the like, with time zones.

Upstream: github.com/google/cel-go/common/types/timestamp.go, duration.go, common/stdlib/standard.go (inTimeZone)
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rootspan_apiserver.kube.go_numbers import atoi
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.arithmetic import checked_timestamp
from rootspan_apiserver.rules.cel.values import NANOSECONDS, Duration, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAYS_OF_YEAR_0 = 366


def read_timestamp(text: str) -> Timestamp:
    """Read a time in RFC 3339.

    Raises:
        ValueError: it is none.
        CELEvaluationError: it is not in the years 1 to 9999.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not a time")
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    offset = 0
    if match[8]:
        hours, minutes = int(match[9]), int(match[10])
        if hours > 24 or minutes > 60:
            raise ValueError("time zone offset out of range")
        offset = (hours * 3600 + minutes * 60) * (-1 if match[8] == "-" else 1)
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 2000, month)[1]:
        raise ValueError("date out of range")
    # Python has no year 0; 2000 is a leap year like it.
    moment = datetime(year or 2000, month, day, hour, minute, second, tzinfo=UTC)
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    if not year:
        seconds -= (datetime(2000, 1, 1, tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
        seconds -= _DAYS_OF_YEAR_0 * 86400
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    return checked_timestamp((seconds - offset) * NANOSECONDS + fraction, offset)


def write_timestamp(value: Timestamp) -> str:
    """Write a time in RFC 3339, at the offset that it was written with."""
    local = _EPOCH + timedelta(seconds=value.nanoseconds // NANOSECONDS + value.offset)
    fraction = f"{value.nanoseconds % NANOSECONDS:09}".rstrip("0")
    sign, offset = "-" if value.offset < 0 else "+", abs(value.offset) // 60
    zone = f"{sign}{offset // 60:02}:{offset % 60:02}" if value.offset else "Z"
    return local.strftime(f"{local.year:04}-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + zone


def _zone(text: str) -> tzinfo:
    hours, colon, minutes = text.partition(":")
    try:
        if colon:
            hour, minute = atoi(hours), atoi(minutes)
            return timezone(timedelta(minutes=hour * 60 + (-minute if hours.startswith("-") else minute)))
        return UTC if text in ("", "UTC") else ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError):
        raise CELEvaluationError(f"unknown time zone {text}") from None
    except ValueError as error:
        raise CELEvaluationError(str(error) if colon else f"unknown time zone {text}") from None


def _local(value: Timestamp, zone: str) -> datetime:
    moment = _EPOCH + timedelta(microseconds=value.nanoseconds // 1000)
    try:
        return moment.astimezone(_zone(zone)) if zone else moment
    except OverflowError:
        return moment


_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "timestamp_to_year": lambda moment: moment.year,
    "timestamp_to_month": lambda moment: moment.month - 1,
    "timestamp_to_day_of_year": lambda moment: moment.timetuple().tm_yday - 1,
    "timestamp_to_day_of_month": lambda moment: moment.day - 1,
    "timestamp_to_day_of_month_1_based": lambda moment: moment.day,
    "timestamp_to_day_of_week": lambda moment: moment.isoweekday() % 7,
    "timestamp_to_hours": lambda moment: moment.hour,
    "timestamp_to_minutes": lambda moment: moment.minute,
    "timestamp_to_seconds": lambda moment: moment.second,
    "timestamp_to_milliseconds": lambda moment: moment.microsecond // 1000,
}


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda value, zone="": read(_local(value, zone))


def _whole(unit: int) -> Callable[[Duration], int]:
    def call(value: Duration) -> int:
        found = abs(value.nanoseconds) // unit
        return -found if value.nanoseconds < 0 else found

    return call


_IN_UTC: Mapping[str, Callable[..., Any]] = {name: _part(read) for name, read in _PARTS.items()}
IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **_IN_UTC,
    **{f"{name}_with_tz": call for name, call in _IN_UTC.items()},
    "timestamp_to_seconds_tz": _IN_UTC["timestamp_to_seconds"],
    "duration_to_hours": _whole(3600 * NANOSECONDS),
    "duration_to_minutes": _whole(60 * NANOSECONDS),
    "duration_to_seconds": _whole(NANOSECONDS),
    "duration_to_milliseconds": _whole(10**6),
}
