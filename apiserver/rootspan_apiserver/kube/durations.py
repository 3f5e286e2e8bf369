"""Times in a table: how long ago, in one or two units.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go
"""

from datetime import UTC, datetime

from rootspan_apiserver.kube.times import read_time

UNKNOWN = "<unknown>"


def parsed(timestamp: object) -> datetime | None:
    """Return a time of the API, None if it is none."""
    if not isinstance(timestamp, str) or not timestamp:
        return None
    try:
        moment = read_time(timestamp)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def age(timestamp: object, now: datetime) -> str:
    """Return how long ago a timestamp was, as `kubectl get` shows it."""
    moment = parsed(timestamp)
    return UNKNOWN if moment is None else human((now - moment).total_seconds())


def human(duration: float) -> str:
    """Return a duration, given in seconds, as `45s`, `3m20s`, `5h`, `2d3h`, `400d`, `3y`."""
    seconds = int(duration)
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(hours // 24, "d", hours % 24, "h")
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        return _two(hours // 24 // 365, "y", hours // 24 % 365, "d")
    return f"{hours // 24 // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
