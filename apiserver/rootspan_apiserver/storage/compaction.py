"""Compaction: etcd keeps every version of every object until a client compacts its history.

Each turn compacts up to the revision of the turn before. Several servers over one store do so independently, which costs little: etcd
answers all but the first that it has been done.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go
"""

import asyncio
import logging

from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError

COMPACTION_INTERVAL = 300.0
logger = logging.getLogger(__name__)


class Compactor:
    """Compacts every `interval` seconds, or never if that is 0."""

    def __init__(self, etcd: EtcdClient, interval: float) -> None:
        self._etcd = etcd
        self._interval = interval

    async def run(self) -> None:
        """Compact until cancelled."""
        before = 0
        while self._interval:
            await asyncio.sleep(self._interval)
            try:
                before = await self._turn(before)
            except EtcdError as exc:
                logger.warning("etcd was not compacted: %s", exc)

    async def _turn(self, before: int) -> int:
        """Compact up to revision `before`, and return the present one."""
        if before:
            try:
                await self._etcd.compact(before)
            except Compacted:
                logger.debug("revision %d was compacted by another client", before)
        return (await self._etcd.range(b"\0", limit=1)).revision
