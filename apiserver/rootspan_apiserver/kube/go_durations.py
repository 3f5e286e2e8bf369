"""Durations as Go reads and writes them: `1h2m3.5s`.

Upstream: Go's src/time/format.go (ParseDuration), src/time/time.go (Duration.String)
"""

from rootspan_apiserver.kube.go_quote import quote_ascii

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # U+00B5, micro sign
    "μs": 10**3,  # U+03BC, Greek letter mu
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
"""The nanoseconds of each unit."""
_DIGITS = "0123456789"
_OVERFLOW = 1 << 63
_LONGEST_WHOLE = 19
_FRACTION_LIMIT = _OVERFLOW // 10


def parse_duration(text: str) -> int:
    """Read a duration.

    Returns:
        Nanoseconds, which fit into 64 bits.

    Raises:
        ValueError: not a duration, with Go's message.
    """
    rest = text[1:] if text[:1] in ("+", "-") else text
    sign = -1 if text.startswith("-") else 1
    if rest == "0":
        return 0
    if not rest:
        raise _invalid(text)
    total = position = 0
    while position < len(rest):
        nanoseconds, position = _term(rest, position, text)
        total += nanoseconds
        if total > _OVERFLOW:
            raise _invalid(text)
    if total == _OVERFLOW and sign > 0:
        raise _invalid(text)
    return sign * total


def _term(rest: str, position: int, text: str) -> tuple[int, int]:
    """Return the nanoseconds of the number and unit at `position`, and the position after it."""
    whole, position = _leading_digits(rest, position)
    fraction = ""
    if rest[position : position + 1] == ".":
        fraction, position = _leading_digits(rest, position + 1)
    if not whole and not fraction:
        raise _invalid(text)
    start = position
    while position < len(rest) and rest[position] != "." and rest[position] not in _DIGITS:
        position += 1
    unit = rest[start:position]
    if len(whole := whole.lstrip("0")) > _LONGEST_WHOLE or int(whole or "0") > _OVERFLOW:
        raise _invalid(text)
    if not unit:
        raise ValueError(f"time: missing unit in duration {quote_ascii(text)}")
    if unit not in _UNITS:
        raise ValueError(f"time: unknown unit {quote_ascii(unit)} in duration {quote_ascii(text)}")
    return int(whole or "0") * _UNITS[unit] + _fraction_of(_UNITS[unit], fraction), position


def _leading_digits(text: str, position: int) -> tuple[str, int]:
    end = position
    while end < len(text) and text[end] in _DIGITS:
        end += 1
    return text[position:end], end


def _fraction_of(unit: int, fraction: str) -> int:
    """Return the nanoseconds of a fraction of a unit, computed with floats like Go's; digits beyond 63 bits do not count."""
    number, scale = 0, 1.0
    for digit in fraction:
        if number > _FRACTION_LIMIT or number * 10 + int(digit) > _OVERFLOW:
            break
        number, scale = number * 10 + int(digit), scale * 10
    return int(number * (unit / scale))


def _invalid(text: str) -> ValueError:
    return ValueError(f"time: invalid duration {quote_ascii(text)}")


def format_duration(nanoseconds: int) -> str:
    """Write a duration: hours, minutes and seconds, or less than a second in one unit."""
    if nanoseconds == 0:
        return "0s"
    sign, left = "-" * (nanoseconds < 0), abs(nanoseconds)
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if left < min(size * 1000, 10**9):
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
