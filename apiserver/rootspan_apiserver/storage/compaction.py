"""Forgetting: etcd keeps every version of every object until it is told not to.

At every turn the revision of the turn before is compacted. Several servers over one store do so independently, which costs nothing:
all but the first are told that it has been done.
"""

import asyncio
import logging

from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError

COMPACTION_INTERVAL = 300.0
logger = logging.getLogger(__name__)


class Compaction:
    """`interval` is in seconds; 0 compacts nothing."""

    def __init__(self, etcd: EtcdClient, interval: float) -> None:
        self._etcd = etcd
        self._interval = interval

    async def run(self) -> None:
        """Go on until cancelled."""
        before = 0
        while self._interval:
            await asyncio.sleep(self._interval)
            try:
                before = await self._turn(before)
            except EtcdError as exc:
                logger.warning("etcd was not compacted: %s", exc)

    async def _turn(self, before: int) -> int:
        """Compact what was there at revision `before`; the present revision."""
        if before:
            try:
                await self._etcd.compact(before)
            except Compacted:
                logger.debug("revision %d was compacted by somebody else", before)
        return (await self._etcd.range(b"\0", limit=1)).revision
