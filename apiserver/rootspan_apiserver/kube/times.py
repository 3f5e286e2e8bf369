"""Times and durations as Go's clients write them and its server answers them: RFC 3339 in UTC, durations as `1h2m3.5s`."""

import re
from datetime import UTC, datetime, timedelta

from rootspan_apiserver.kube.go_quote import quote

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))\Z", re.ASCII)
_TO_MINUTES = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"]
_MINUTES = r"(\d{4})?(-)?(\d\d)?(-)?(\d\d)?(T)?(\d\d)?(:)?(\d\d)?(:)?"
_LAYOUT = [*_TO_MINUTES, "Z07:00"], re.compile(_MINUTES + r"(\d\d(?:[.,]\d+)?)?", re.ASCII)
_MICRO_LAYOUT = [*_TO_MINUTES, ".000000", "Z07:00"], re.compile(_MINUTES + r"(\d\d)?([.,]\d{6})?", re.ASCII)
_SIX_DIGITS = re.compile(r".{19}[.,]\d{6}(?!\d)", re.DOTALL | re.ASCII)
_ZONE = re.compile(r"Z|[+-]\d\d:\d\d", re.ASCII)
_PART = re.compile(r"([0-9]*+(?:\.[0-9]*+)?)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def _parse(text: str) -> datetime:
    match = _TIME.match(text)
    if match is None:
        raise ValueError(_unparsed(text, *_LAYOUT))
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, tzinfo=UTC)
        if sign is None:
            return moment
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError) as error:
        raise ValueError(f'parsing time "{text}": {error}') from error


def _unparsed(text: str, layout: list[str], pattern: re.Pattern[str]) -> str:
    match = pattern.match(text)
    parts = match.groups() if match else ()
    good = next((index for index, part in enumerate(parts) if part is None), len(parts))
    rest = text[sum(len(part) for part in parts[:good] if part) :]
    if good == len(parts) and (zone := _ZONE.match(rest)):
        return f'parsing time "{text}": extra text: {quote(rest[zone.end() :])}'
    return f'parsing time "{text}" as "{"".join(layout)}": cannot parse "{rest}" as "{layout[good]}"'


def _written(moment: datetime, precision: str) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def canonical_time(text: str) -> str:
    """The time in UTC, to the second.

    Raises:
        ValueError: not RFC 3339, with Go's message.
    """
    if len(text) == 20 and text[19] == "Z" and _TIME.match(text):
        _parse(text)
        return text
    return _written(_parse(text), "seconds")


def canonical_micro_time(text: str) -> str:
    """The time in UTC, to the microsecond, of which all six digits must be there. Raises ValueError as `canonical_time`."""
    if _TIME.match(text) is None or _SIX_DIGITS.match(text) is None:
        raise ValueError(_unparsed(text, *_MICRO_LAYOUT))
    return _written(_parse(text), "microseconds")


def from_seconds(seconds: int, nanoseconds: int = 0, *, micro: bool = False) -> str:
    """A time from seconds since 1970. Raises ValueError beyond the year 9999."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError as error:
        raise ValueError("time out of range") from error
    return _written(moment, "microseconds" if micro else "seconds")


def to_seconds(text: str) -> tuple[int, int]:
    """Seconds since 1970 and nanoseconds of a time."""
    moment = _parse(text)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)), moment.microsecond * 1000


def duration_nanoseconds(text: str) -> int:
    """The nanoseconds of a duration.

    Raises:
        ValueError: it is none, with Go's message.
    """
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0
    total = position = 0
    while rest and position < len(rest):
        match = _PART.match(rest, position)
        if match is None or match[1] in {"", "."}:
            break
        whole, _, fraction = match[1].partition(".")
        unit, whole, fraction = _NANOSECONDS[match[2]], whole.lstrip("0"), fraction[:18]
        if len(whole) > 19:
            break
        total += int(whole or 0) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        position = match.end()
    if not rest or position < len(rest) or total >= 1 << 63:
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * total


def duration(nanoseconds: int) -> str:
    """Go's way of writing a duration."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    left = abs(nanoseconds)
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if left < size * 1000 and left < 10**9:
            return f"{sign}{_decimal(left, size)}{unit}"
    minutes, left = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_decimal(left, 10**9)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else sign + seconds


def _decimal(value: int, unit: int) -> str:
    whole, fraction = divmod(value, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)
