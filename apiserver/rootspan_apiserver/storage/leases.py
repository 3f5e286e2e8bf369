"""Objects with a time to live: etcd deletes the keys of a lease when the lease expires.

Objects written within a short time share a lease, which is granted for that much longer; but no more than 1000 of them, so that etcd need
not delete many keys at once.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/lease_manager.go
"""

import asyncio
from dataclasses import dataclass

from rootspan_apiserver.etcd import EtcdClient

SHARED_FOR = 60.0
SHARED_PART = 0.05
MOST_OBJECTS = 1000


@dataclass(slots=True)
class _Lease:
    """A lease that objects share until the time `until`, of the event loop; `objects` of them do."""

    id: int
    until: float
    objects: int = 0


class SharedLeases:
    """The leases that this process has granted, the latest for each time to live."""

    def __init__(self, etcd: EtcdClient) -> None:
        self._etcd = etcd
        self._current: dict[int, _Lease] = {}

    async def lease(self, seconds: int) -> int:
        """Return the id of a lease that lasts at least `seconds`, and little longer; 0, which means no lease, for 0 seconds.

        Raises:
            EtcdError: etcd refuses, or is not available.
        """
        if not seconds:
            return 0
        now = asyncio.get_running_loop().time()
        lease = self._current.get(seconds)
        if lease is None or now >= lease.until or lease.objects >= MOST_OBJECTS:
            shared = int(min(SHARED_FOR, seconds * SHARED_PART))
            lease = _Lease(await self._etcd.lease_grant(seconds + shared), now + shared)
            self._current[seconds] = lease
        lease.objects += 1
        return lease.id
