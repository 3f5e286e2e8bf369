"""Objects with a time to live: etcd deletes the keys of a lease when the lease expires.

Objects written within a short time share a lease, which is granted for that much longer.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/lease_manager.go
"""

import asyncio

from rootspan_apiserver.etcd import EtcdClient

SHARED_FOR = 60.0
SHARED_PART = 0.05


class SharedLeases:
    """The leases that this process has granted, the latest for each time to live."""

    def __init__(self, etcd: EtcdClient) -> None:
        self._etcd = etcd
        self._current: dict[int, tuple[int, float]] = {}

    async def lease(self, seconds: int) -> int:
        """Return the id of a lease that lasts at least `seconds`, and little longer; 0, which means no lease, for 0 seconds.

        Raises:
            EtcdError: etcd refuses, or is not available.
        """
        if not seconds:
            return 0
        now = asyncio.get_running_loop().time()
        lease, until = self._current.get(seconds, (0, now))
        if now >= until:
            shared = min(SHARED_FOR, seconds * SHARED_PART)
            lease = await self._etcd.lease_grant(seconds + int(shared))
            self._current[seconds] = lease, now + shared
        return lease
