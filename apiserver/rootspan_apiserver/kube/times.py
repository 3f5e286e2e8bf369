"""Times of objects: RFC 3339 in UTC, to the second (`metav1.Time`) or to the microsecond (`metav1.MicroTime`).

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/time.go, micro_time.go; Go's src/time/format.go
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from rootspan_apiserver.kube.go_quote import quote_ascii

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_UTC = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?Z\Z", re.ASCII)
_MICRO_DIGITS = 6
_CANONICAL_LENGTH = len("2006-01-02T15:04:05Z")
_FRACTION = re.compile(r"[.,]\d+", re.ASCII)
_DATE = (
    ("2006", re.compile(r"\d{4}", re.ASCII), 0, 9999, "year"),
    ("-", re.compile("-"), None, None, ""),
    ("01", re.compile(r"\d\d", re.ASCII), 1, 12, "month"),
    ("-", re.compile("-"), None, None, ""),
    ("02", re.compile(r"\d\d", re.ASCII), 0, 99, "day"),
    ("T", re.compile("T"), None, None, ""),
    ("15", re.compile(r"\d\d?", re.ASCII), 0, 23, "hour"),
    (":", re.compile(":"), None, None, ""),
    ("04", re.compile(r"\d\d", re.ASCII), 0, 59, "minute"),
    (":", re.compile(":"), None, None, ""),
    ("05", re.compile(r"\d\d", re.ASCII), 0, 59, "second"),
)
"""The elements of Go's layout: its text, what it reads, the least and the greatest value, and its name in errors."""
_MICRO = (".000000", re.compile(r"[.,]\d{6}", re.ASCII))
_ZONE = ("Z07:00", re.compile(r"Z|([+-])(\d\d):(\d\d)", re.ASCII))
_MAXIMUM_OFFSET_HOURS, _MAXIMUM_OFFSET_MINUTES = 24, 60


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def timestamp() -> str:
    """Return the time like objects have it: in UTC, to the second."""
    return write_time(now())


def write_time(moment: datetime) -> str:
    """Write a time in UTC, to the second: `2026-11-23T05:00:00Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def write_micro_time(moment: datetime) -> str:
    """Write a time in UTC, with six digits after the second: `2026-11-23T05:00:00.123456Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(text: str) -> datetime:
    """Read a time, its fraction of a second included, in UTC.

    Raises:
        ValueError: not RFC 3339, with Go's message; or not between the years 1 and 9999.
    """
    return _read(text, micro=False)


def read_micro_time(text: str) -> datetime:
    """Read a time that has exactly six digits after the second. Raises ValueError like `read_time`."""
    return _read(text, micro=True)


def canonical_time(text: str) -> str:
    """Return the time in UTC, to the second. Raises ValueError like `read_time`."""
    moment = read_time(text)
    return text if len(text) == _CANONICAL_LENGTH and text.endswith("Z") else write_time(moment)


def canonical_micro_time(text: str) -> str:
    """Return the time in UTC, to the microsecond. Raises ValueError like `read_micro_time`."""
    return write_micro_time(read_micro_time(text))


def from_seconds(seconds: int, nanoseconds: int = 0, *, micro: bool = False) -> str:
    """Write the time that is so many seconds after 1970. Raises ValueError beyond the year 9999."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError as error:
        raise ValueError("time out of range") from error
    return write_micro_time(moment) if micro else write_time(moment)


def to_seconds(text: str) -> tuple[int, int]:
    """Return the seconds since 1970 and the nanoseconds of a time. Raises ValueError like `read_time`."""
    moment = read_time(text)
    return int((moment - _EPOCH) // timedelta(seconds=1)), moment.microsecond * 1000


def _read(text: str, *, micro: bool) -> datetime:
    match = _IN_UTC.match(text)
    if match is None or (micro and len(match[7] or "") != _MICRO_DIGITS):
        return _read_by_elements(text, micro=micro)
    year, month, day, hour, minute, second, fraction = match.groups(default="")
    microsecond = int(fraction.ljust(6, "0")[:6])
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, UTC)
    except ValueError:
        return _read_by_elements(text, micro=micro)


def _read_by_elements(text: str, *, micro: bool) -> datetime:
    """Read like Go's `time.Parse`: element after element of the layout, to find the first that does not fit."""
    layout = "".join(element[0] for element in _DATE) + (_MICRO[0] if micro else "") + _ZONE[0]
    numbers: list[int] = []
    position = 0
    for element, pattern, least, greatest, name in _DATE:
        match = _matched(text, position, layout, element, pattern)
        position = match.end()
        if least is None or greatest is None:
            continue
        numbers.append(int(match[0]))
        if not least <= numbers[-1] <= greatest:
            raise _out_of_range(text, name)
    fraction = _matched(text, position, layout, *_MICRO) if micro else _FRACTION.match(text, position)
    position = fraction.end() if fraction else position
    zone = _matched(text, position, layout, *_ZONE)
    if zone[1] and int(zone[2]) > _MAXIMUM_OFFSET_HOURS:
        raise _out_of_range(text, "time zone offset hour")
    if zone[1] and int(zone[3]) > _MAXIMUM_OFFSET_MINUTES:
        raise _out_of_range(text, "time zone offset minute")
    if rest := text[zone.end() :]:
        raise ValueError(f"parsing time {quote_ascii(text)}: extra text: {quote_ascii(rest)}")
    year, month, day, hour, minute, second = numbers
    if year and not 1 <= day <= monthrange(year, month)[1]:
        raise _out_of_range(text, "day")
    if not year:
        raise _out_of_range(text, "year")  # Go has the year 0, Python has not.
    microsecond = int((fraction[0][1:] if fraction else "0").ljust(6, "0")[:6])
    moment = datetime(year, month, day, hour, minute, second, microsecond, UTC)
    return _shifted(moment, text, *zone.groups()) if zone[1] else moment


def _matched(text: str, position: int, layout: str, element: str, pattern: re.Pattern[str]) -> re.Match[str]:
    match = pattern.match(text, position)
    if match is None:
        what = f"cannot parse {quote_ascii(text[position:])} as {quote_ascii(element)}"
        raise ValueError(f"parsing time {quote_ascii(text)} as {quote_ascii(layout)}: {what}")
    return match


def _out_of_range(text: str, name: str) -> ValueError:
    return ValueError(f"parsing time {quote_ascii(text)}: {name} out of range")


def _shifted(moment: datetime, text: str, sign: str, hours: str, minutes: str) -> datetime:
    """Return the UTC of a local time with the offset `sign` `hours`:`minutes`."""
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        return moment - offset if sign == "+" else moment + offset
    except OverflowError as error:
        raise _out_of_range(text, "year") from error
