"""Amounts of work in seat-seconds: integers, in units of ten nanoseconds of one seat.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request/seat_seconds.go
"""

SCALE = 100_000_000


def seat_seconds(seats: float, seconds: float) -> int:
    """Return the work of some seats in some time."""
    return round(seats * seconds * SCALE)


def shown(work: int) -> str:
    """Return an amount of work as upstream writes it, such as `0.00300000ss`."""
    return f"{work // SCALE}.{work % SCALE:08d}ss"
