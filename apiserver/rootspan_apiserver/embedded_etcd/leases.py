"""Leases: keys that go when their time is up."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rootspan_apiserver.embedded_etcd.errors import FAILED_PRECONDITION, NOT_FOUND, OUT_OF_RANGE, GatewayError

LONGEST_TTL = 9_000_000_000
SHORTEST_TTL = 1
LONGEST_TIMER = 86_400.0
EXPIRES_AGAIN = 0.5


@dataclass(slots=True)
class Lease:
    """`ttl` in seconds; `expires` on the event loop's clock."""

    ttl: int
    expires: float = 0.0
    keys: set[bytes] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Leases:
    """`expired` is called with a lease whose time is up; it stays known until it is revoked."""

    def __init__(self, expired: Callable[[int], None]) -> None:
        self._expired = expired
        self._leases: dict[int, Lease] = {}

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._leases))

    def known(self, lease: int) -> bool:
        return lease in self._leases

    def grant(self, ttl: int, lease: int = 0) -> tuple[int, int]:
        """Return a new lease: its id, `lease` if that is given, and its time to live.

        Raises:
            GatewayError: the time is too long, or there is such a lease.
        """
        if ttl > LONGEST_TTL:
            raise GatewayError(OUT_OF_RANGE, "etcdserver: too large lease TTL")
        if lease in self._leases:
            raise GatewayError(FAILED_PRECONDITION, "etcdserver: lease already exists")
        lease = lease or random.getrandbits(62) | 1
        self._leases[lease] = Lease(max(ttl, SHORTEST_TTL))
        self.renew(lease)
        return lease, self._leases[lease].ttl

    def restore(self, lease: int, ttl: int) -> None:
        """A lease from before a restart; its time begins anew with `start`, as it does in etcd."""
        self._leases[lease] = Lease(ttl)

    def start(self) -> None:
        for lease in self._leases:
            self.renew(lease)

    def stop(self) -> None:
        for lease in self._leases.values():
            if lease.timer is not None:
                lease.timer.cancel()

    def renew(self, lease: int) -> int:
        """Begin the lease's time anew: its time to live, 0 if there is no such lease."""
        entry = self._leases.get(lease)
        if entry is None:
            return 0
        entry.expires = asyncio.get_running_loop().time() + entry.ttl
        self._arm(lease, entry)
        return entry.ttl

    def _arm(self, lease: int, entry: Lease) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
        loop = asyncio.get_running_loop()
        entry.timer = loop.call_later(min(entry.expires - loop.time(), LONGEST_TIMER), self._ring, lease, entry)

    def _ring(self, lease: int, entry: Lease) -> None:
        if asyncio.get_running_loop().time() < entry.expires:
            self._arm(lease, entry)
        else:
            self._expired(lease)

    def describe(self, lease: int) -> tuple[int, int, list[bytes]]:
        """Seconds left (-1: no such lease), seconds granted, keys."""
        entry = self._leases.get(lease)
        if entry is None:
            return -1, 0, []
        return int(entry.expires - asyncio.get_running_loop().time()), entry.ttl, sorted(entry.keys)

    def remove(self, lease: int) -> Lease:
        """End the lease.

        Raises:
            GatewayError: there is no such lease.
        """
        entry = self._leases.pop(lease, None)
        if entry is None:
            raise GatewayError(NOT_FOUND, "etcdserver: requested lease not found")
        if entry.timer is not None:
            entry.timer.cancel()
        return entry

    def undo_remove(self, lease: int, entry: Lease) -> None:
        """The lease goes on; if its time is up, it expires again in a moment."""
        self._leases[lease] = entry
        entry.expires = max(entry.expires, asyncio.get_running_loop().time() + EXPIRES_AGAIN)
        self._arm(lease, entry)

    def move(self, key: bytes, old: int, new: int) -> None:
        """The key hangs on `new` now instead of `old`; 0 is none."""
        if old and old in self._leases:
            self._leases[old].keys.discard(key)
        if new:
            self._leases[new].keys.add(key)
