"""The client: what the storage layer asks of etcd, and nothing else.

A write of a key is always a compare-and-swap; `swap` says what becomes of one whose answer is lost. Everything else may
be carried out twice: a read changes nothing, a second lease runs out unused, a revocation and a compaction are done
when they have been done before.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Self

import httpx

from rootspan_apiserver.etcd import wire
from rootspan_apiserver.etcd.endpoints import Endpoints
from rootspan_apiserver.etcd.errors import Compacted, LeaseNotFound, Unavailable
from rootspan_apiserver.etcd.shared_reads import SharedReads
from rootspan_apiserver.etcd.swap import READ_ATTEMPT, REPEATABLE_ATTEMPT, swap
from rootspan_apiserver.etcd.values import RangeResult, Status, TxnResult, WatchBatch
from rootspan_apiserver.etcd.watch import follow
from rootspan_apiserver.http_transport.single_connection import SingleConnectionTransport

READY_PAUSE = 0.25


class EtcdClient:
    """etcd through the JSON gateway of any of `endpoints` (`http://host:port`).

    Args:
        endpoints: the members of one cluster.
        transport: makes the httpx transport of one connection; called for each, and the client closes what it returns.
        tls: for `https` endpoints, when `transport` is not given; by default the system's authorities are trusted.
        timeout: seconds until an operation that no endpoint answers ends in `Unavailable`.

    Every method raises `EtcdError` or one of its kinds.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        *,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
    ) -> None:
        if transport is None:
            secure = any(endpoint.startswith("https:") for endpoint in endpoints)
            context = ssl.create_default_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            transport = partial(SingleConnectionTransport, tls or context)
        self._endpoints = Endpoints(endpoints, transport, timeout)
        self._reads = SharedReads(self._endpoints, READ_ATTEMPT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of operations; a watch closes its own when it ends."""
        await self._endpoints.aclose()

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
        """Return the keys in [`key`, `range_end`), or `key` alone; `range_end` of one zero byte means to the last key.

        Raises:
            Compacted, FutureRevision: there is no such `revision`, or no longer.
        """
        if not (range_end or limit > 1 or revision or keys_only or count_only or serializable):
            return await self._reads.read(key)
        body = wire.range_request(
            key,
            range_end,
            limit=limit,
            revision=revision,
            keys_only=keys_only,
            count_only=count_only,
            serializable=serializable,
        )
        return wire.range_result((await self._endpoints.call(wire.RANGE, body, attempt=READ_ATTEMPT)).document)

    async def put_if(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> TxnResult:
        """Write `value` if the key's last change was at `mod_revision`; 0: if there is no such key.

        Raises:
            LeaseNotFound, RequestTooLarge, Unavailable: nothing was written.
            OutcomeUnknown: it may or may not have been written; if `mod_revision` is 0, it may be yet.
        """
        body = wire.put_if_request(key, value, mod_revision, lease)
        return await swap(
            self._endpoints,
            key,
            body,
            mod_revision=mod_revision,
            makes=lambda event: event.kind == "PUT" and event.kv.value == value,
        )

    async def delete_if(self, key: bytes, *, mod_revision: int) -> TxnResult:
        """Delete the key if its last change was at `mod_revision`, which is not 0.

        Raises:
            Unavailable: nothing was deleted.
            OutcomeUnknown: it may or may not have been deleted.
        """
        body = wire.delete_if_request(key, mod_revision)
        return await swap(
            self._endpoints, key, body, mod_revision=mod_revision, makes=lambda event: event.kind == "DELETE"
        )

    def watch(
        self,
        key: bytes,
        range_end: bytes = b"",
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        progress_notify: bool = False,
    ) -> AsyncGenerator[WatchBatch]:
        """Return the changes of [`key`, `range_end`) from `start_revision` on, 0: from now on.

        The first batch is empty and tells that the watch stands. It then goes on for ever, over any endpoint;
        `aclose()` ends it.

        Raises:
            Compacted: changes that were to be delivered are compacted; begin again from a range.
        """
        return follow(self._endpoints, key, range_end, start_revision, prev_kv=prev_kv, progress_notify=progress_notify)

    async def lease_grant(self, ttl: int) -> int:
        """Return a new lease of at least `ttl` seconds: its id. A lost answer may leave one behind that runs out unused."""
        body = b'{"TTL":"%d"}' % ttl
        return int((await self._endpoints.call(wire.LEASE_GRANT, body, attempt=REPEATABLE_ATTEMPT)).document["ID"])

    async def lease_revoke(self, lease: int) -> None:
        """End the lease and delete the keys that hang on it.

        Raises:
            LeaseNotFound: there is no such lease.
        """
        try:
            await self._endpoints.call(wire.LEASE_REVOKE, b'{"ID":"%d"}' % lease, attempt=REPEATABLE_ATTEMPT)
        except LeaseNotFound as exc:
            if not exc.repeated:
                raise

    async def compact(self, revision: int) -> None:
        """Forget the history before `revision`.

        Raises:
            Compacted, FutureRevision: `revision` cannot be compacted any more, or yet.
        """
        try:
            await self._endpoints.call(wire.COMPACT, b'{"revision":"%d"}' % revision, attempt=READ_ATTEMPT)
        except Compacted as exc:
            if not exc.repeated:
                raise

    async def status(self) -> Status:
        """Return what the member that is asked says of itself."""
        return wire.status((await self._endpoints.call(wire.STATUS, b"{}", attempt=READ_ATTEMPT)).document)

    async def wait_until_ready(self, waiting: Callable[[str], None]) -> None:
        """Return once the cluster answers; tell `waiting` why it does not, once for each reason.

        Waits for ever; an error other than `Unavailable` is raised.
        """
        told = ""
        body = wire.range_request(b"health", b"", count_only=True)
        while True:
            try:
                await self._endpoints.call(wire.RANGE, body, attempt=READ_ATTEMPT, patience=0)
            except Unavailable as exc:
                if exc.message != told:
                    told = exc.message
                    waiting(told)
            else:
                return
            await asyncio.sleep(READY_PAUSE)
