"""Reads of single keys that wait at the same moment share a transaction of etcd.

A transaction of ranges costs hardly more than one range, for us and for etcd. A read that comes while others are on their way waits for
one of them to come back, and then goes with all that have come meanwhile; a read that comes alone goes alone, at once. What a read returns
is as fresh as ever: its transaction is sent after it was asked for, and etcd carries it out at one revision that is present then.

A read whose span is recorded always goes alone, because its span says that it is a request of its own.
"""

import asyncio
from contextvars import Context, copy_context

from opentelemetry.trace import get_current_span

from rootspan_apiserver.etcd import wire
from rootspan_apiserver.etcd.endpoints import Endpoints
from rootspan_apiserver.etcd.errors import EtcdError
from rootspan_apiserver.etcd.values import RangeResult

MOST_READS = 64
"""In one transaction; etcd's default limit is 128."""
MOST_AT_ONCE = 2
"""Requests on their way."""


class SharedReads:
    """The reads of one client. `attempt` is the time that an endpoint has to answer, in seconds."""

    def __init__(self, endpoints: Endpoints, attempt: int) -> None:
        self._endpoints = endpoints
        self._attempt = attempt
        self._waiting: list[tuple[bytes, asyncio.Future[RangeResult]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._context: Context | None = None
        self._alone = 0

    async def read(self, key: bytes) -> RangeResult:
        """Return the key. Raises EtcdError."""
        if get_current_span().is_recording():
            return await self._range(key)
        if not self._alone and not self._sending:
            self._alone += 1
            try:
                return await self._range(key)
            finally:
                self._alone -= 1
                self._send()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[RangeResult] = loop.create_future()
        if not self._waiting:
            self._context = copy_context()  # whose span is not recorded, so that the transaction's is not either
            loop.call_soon(self._send)
        self._waiting.append((key, future))
        return await future

    async def _range(self, key: bytes) -> RangeResult:
        answer = await self._endpoints.call(wire.RANGE, wire.range_request(key, b""), attempt=self._attempt)
        return wire.range_result(answer.document)

    def _send(self) -> None:
        """Send what waits, if not too much is on its way."""
        while self._waiting and self._alone + len(self._sending) < MOST_AT_ONCE:
            reads, self._waiting = self._waiting[:MOST_READS], self._waiting[MOST_READS:]
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._transaction(reads), context=self._context)
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._send()

    async def _transaction(self, reads: list[tuple[bytes, asyncio.Future[RangeResult]]]) -> None:
        try:
            body = wire.ranges_request(key for key, _ in reads)
            answer = await self._endpoints.call(wire.TXN, body, attempt=self._attempt)
            for (_, future), result in zip(reads, wire.ranges_result(answer.document), strict=True):
                if not future.done():
                    future.set_result(result)
        except EtcdError as exc:
            for _, future in reads:
                if not future.done():
                    future.set_exception(exc)
        finally:
            for _, future in reads:  # only if this task is cancelled
                future.cancel()
