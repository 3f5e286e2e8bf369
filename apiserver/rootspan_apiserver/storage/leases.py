"""Objects that vanish: etcd deletes what hangs on a lease when the lease runs out.

A lease for each would be many, so objects written within a short time share one; it is granted for that much longer.
"""

import asyncio

from rootspan_apiserver.etcd import EtcdClient

SHARED_FOR = 60.0
SHARED_PART = 0.05


class Leases:
    def __init__(self, etcd: EtcdClient) -> None:
        self._etcd = etcd
        self._current: dict[int, tuple[int, float]] = {}

    async def lease(self, seconds: int) -> int:
        """A lease that lasts `seconds` at least, and little longer; 0 for ever, which takes none.

        Raises:
            EtcdError: etcd refused, or is away.
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
