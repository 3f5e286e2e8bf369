"""Compaction: etcd keeps every version of every object until a client compacts its history.

Each turn compacts up to the revision of the turn before, so that history is kept for one interval at least. The servers over one store
take turns by a key, `compact_rev_key`, which holds the last compacted revision: the one that changes it first compacts, and the watch
caches of all learn the revision from it. Unlike upstream's, the key is below the prefix: the watch cache has to receive every
revision.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go
"""

import asyncio
import logging

from rootspan_apiserver.etcd import Compacted, EtcdClient, EtcdError, TxnResult

COMPACTION_INTERVAL = 300.0
KEY = "/compact_rev_key"
"""The key, without the prefix."""
logger = logging.getLogger(__name__)


class Compactor:
    """Compacts every `interval` seconds, or never if that is 0. Its key begins with `prefix`."""

    def __init__(self, etcd: EtcdClient, prefix: str, interval: float) -> None:
        self._etcd = etcd
        self._key = f"{prefix}{KEY}".encode()
        self._interval = interval
        self._turn = 0
        """The revision of the last change of the key that this process knows."""

    async def run(self) -> None:
        """Compact until cancelled."""
        before = 0
        while self._interval > 0:
            await asyncio.sleep(self._interval)
            try:
                before = await self._take_turn(before)
            except EtcdError as exc:
                logger.warning("etcd was not compacted: %s", exc)

    async def _take_turn(self, before: int) -> int:
        """Compact up to revision `before`, unless another server did something since, and return the present revision."""
        result = await self._put(before)
        if result.succeeded:
            self._turn = result.revision
            if before:
                await self.compact(before)
        elif result.current is not None:
            self._turn = result.current.mod_revision
        return result.revision

    async def advance(self) -> int:
        """Make a new revision without a change of any object, and return it.

        Raises:
            EtcdError: etcd refuses, or is not available.
        """
        while not (result := await self._put((await self._etcd.range(self._key)).revision)).succeeded:
            self._turn = result.current.mod_revision if result.current is not None else 0
        self._turn = result.revision
        return result.revision

    async def _put(self, revision: int) -> TxnResult:
        return await self._etcd.put_if(self._key, b"%d" % revision, mod_revision=self._turn)

    async def compact(self, revision: int) -> None:
        """Compact up to `revision`, unless another client has done so. Raises EtcdError."""
        try:
            await self._etcd.compact(revision)
        except Compacted:
            logger.debug("revision %d was compacted by another client", revision)
