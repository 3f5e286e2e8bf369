"""A client of etcd whose reads decrypt: gets, lists, watches and the present value that a lost swap returns.

A value that cannot be decrypted has its reason in place of a value.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, watcher.go
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from rootspan_apiserver.etcd import EtcdClient, EtcdEvent, KeyValue, OutcomeUnknown, RangeResult, TxnResult, WatchBatch
from rootspan_apiserver.storage.value_transformers import ResourceTransformers, TransformError


class TransformingEtcd(EtcdClient):
    """The same connections as those of `client`, which stays open when this one is done with.

    Args:
        prefix: The beginning of every key of an object; other keys are left as they are.
    """

    def __init__(self, client: EtcdClient, transformers: ResourceTransformers, prefix: str) -> None:
        self._endpoints = client._endpoints
        self._reads = client._reads
        self._transformers = transformers
        self._prefix = f"{prefix}/".encode()

    async def range(
        self,
        key: bytes,
        range_end: bytes = b"",
        *,
        limit: int = 0,
        revision: int = 0,
        keys_only: bool = False,
        count_only: bool = False,
        serializable: bool = False,
    ) -> RangeResult:
        """See `EtcdClient`."""
        found = await super().range(
            key,
            range_end,
            limit=limit,
            revision=revision,
            keys_only=keys_only,
            count_only=count_only,
            serializable=serializable,
        )
        return found if keys_only else replace(found, kvs=tuple([await self._decrypted(kv) for kv in found.kvs]))

    async def put_if(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> TxnResult:
        """See `EtcdClient`; `value` is encrypted already."""
        try:
            return await self._outcome(await super().put_if(key, value, mod_revision=mod_revision, lease=lease))
        except OutcomeUnknown as exc:
            exc.current = await self._decrypted(exc.current) if exc.current is not None else None
            raise

    async def delete_if(self, key: bytes, *, mod_revision: int) -> TxnResult:
        """See `EtcdClient`."""
        return await self._outcome(await super().delete_if(key, mod_revision=mod_revision))

    async def watch(
        self,
        key: bytes,
        range_end: bytes = b"",
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        progress_notify: bool = False,
    ) -> AsyncGenerator[WatchBatch]:
        """See `EtcdClient`."""
        changes = super().watch(
            key, range_end, start_revision=start_revision, prev_kv=prev_kv, progress_notify=progress_notify
        )
        async with aclosing(changes):
            async for batch in changes:
                yield replace(batch, events=tuple([await self._event(event) for event in batch.events]))

    async def _event(self, event: EtcdEvent) -> EtcdEvent:
        before = await self._decrypted(event.prev_kv) if event.prev_kv is not None else None
        return replace(event, kv=await self._decrypted(event.kv) if event.kind == "PUT" else event.kv, prev_kv=before)

    async def _outcome(self, result: TxnResult) -> TxnResult:
        return replace(result, current=await self._decrypted(result.current)) if result.current is not None else result

    async def _decrypted(self, kv: KeyValue) -> KeyValue:
        if not kv.key.startswith(self._prefix) or not kv.value:
            return kv
        path = kv.key[len(self._prefix) - 1 :].decode("utf-8", "replace")
        try:
            value, stale = await self._transformers.for_key(path).from_storage(kv.value, kv.key)
        except TransformError as exc:
            return replace(kv, value=b"", fault=str(exc))
        return kv if value is kv.value and not stale else replace(kv, value=value, stale=stale)
