"""Compaction as kube-apiserver does it: history is kept for one to two intervals, by one server of many.

Every server keeps what the revision was at its last look. At the next one it tries to write it to one common key, by
compare-and-swap: who wins compacts to the revision it wrote, who loses has been spared the work. The first look only
takes the revision down.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .errors import Compacted, EtcdError

if TYPE_CHECKING:
    from .client import EtcdClient

logger = logging.getLogger(__name__)

KEY = b"compact_rev_key"
INTERVAL = 300.0
"""Seconds, as of kube-apiserver's `--etcd-compaction-interval`."""


class Compaction:
    def __init__(self, client: EtcdClient) -> None:
        self._client = client
        self._key_revision = 0
        self._revision = 0

    async def run(self, interval: float = INTERVAL) -> None:
        """Look every `interval` seconds, for ever; what etcd refuses is logged."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.step()
            except EtcdError as exc:
                logger.warning("Compaction of etcd failed: %s", exc)

    async def step(self) -> None:
        """One look.

        Raises:
            EtcdError: etcd refused, or is away.
        """
        revision = self._revision
        result = await self._client.put_if(KEY, b"%d" % revision, mod_revision=self._key_revision)
        self._revision = result.revision
        if not result.succeeded:
            self._key_revision = result.current.mod_revision if result.current is not None else 0
            return
        self._key_revision = result.revision
        if revision:
            try:
                await self._client.compact(revision)
            except Compacted:
                logger.debug("Revision %d of etcd was compacted by somebody else", revision)
            else:
                logger.debug("Compacted etcd to revision %d", revision)
