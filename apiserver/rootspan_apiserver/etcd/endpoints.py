"""One request to whichever endpoint answers.

httpx has no fail-over, so it is here: after an endpoint that cannot be reached, or answers 5xx, the next one is tried,
in rounds with growing pauses, until an answer or the end of the time allowed.

A request that may be carried out twice is sent again after any failure; `EtcdAnswer.repeated` says that an earlier copy may
have been carried out. One that must not be is sent with `once`: it is sent again only after a failure that proves that
nothing was done, which is one before anything was sent or one of `errors.NOTHING_DONE`. Every other failure, a
connection that broke, a time-out, any other 5xx, ends in `OutcomeUnknown`.

A member without a leader keeps a write for 7 s and then fails it, which tells nothing about its outcome. Requests with
`once` therefore carry `hasleader`, upon which etcd refuses them before it does anything.

Upstream: etcd, client/v3/retry.go (`isSafeRetryMutableRPC`), server/etcdserver/api/v3rpc/interceptor.go
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from rootspan_apiserver.etcd.errors import DEADLINE_EXCEEDED, UNAVAILABLE, OutcomeUnknown, Unavailable, from_body
from rootspan_apiserver.etcd.lanes import Lanes

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
CONNECT_TIMEOUT = 1.0
LANES = 16
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
SILENCE = 2.0
"""Seconds without an answer after which other requests go to the next endpoint."""
HAS_LEADER = "Grpc-Metadata-hasleader"
DEADLINE = "context deadline exceeded"


@dataclass(frozen=True, slots=True)
class EtcdAnswer:
    """The answer to a request; `repeated` tells that an earlier copy of the request may have been carried out."""

    document: dict[str, Any]
    repeated: bool


class Endpoints:
    """Every URL in `urls` is one member of the same cluster; the one that answered last is asked first."""

    def __init__(self, urls: Sequence[str], transport: Callable[[], httpx.AsyncBaseTransport], timeout: float) -> None:
        if not urls:
            raise ValueError("no etcd endpoint")
        self._urls = [_parse(url) for url in urls]
        self._paths = [dict[str, httpx.URL]() for _ in urls]
        self._headers = [
            httpx.Headers({"Host": url.netloc.decode("ascii"), "Content-Type": "application/json"})
            for url in self._urls
        ]
        self._transport = transport
        self._timeout = timeout
        self._lanes = Lanes(transport, LANES)
        self._current = 0

    @property
    def timeout(self) -> float:
        return self._timeout

    @property
    def several(self) -> bool:
        """Whether there is another endpoint to ask when one is silent."""
        return len(self._urls) > 1

    @property
    def current(self) -> int:
        return self._current

    def leave(self, index: int) -> None:
        """Ask the endpoint after `index` from now on, if it is still `index` that is asked."""
        if self._current == index:
            self._current = (index + 1) % len(self._urls)

    async def aclose(self) -> None:
        await self._lanes.aclose()

    async def call(
        self, path: str, body: bytes, *, attempt: int, patience: float | None = None, once: bool = False
    ) -> EtcdAnswer:
        """POST `body`; one endpoint has `attempt` seconds to answer.

        After the first failure further rounds are begun for `patience` seconds, by default the `timeout` of all. With
        `once` only failures that prove that nothing was done are followed by another attempt.

        Raises:
            Unavailable: no endpoint answered; with `once`: and nothing was done.
            OutcomeUnknown: `once`, and the request may or may not have been carried out, or may yet be.
            EtcdError: etcd refused.
        """
        deadline: float | None = None
        pause = FIRST_PAUSE
        repeated = False
        while True:
            for _ in self._urls:
                index = self._current
                try:
                    status, content = await self._attempt(index, path, body, attempt, once=once)
                except httpx.TransportError as exc:
                    failure: Exception = exc
                    nothing_done = isinstance(exc, NOT_SENT)
                else:
                    if status == 200:
                        return EtcdAnswer(orjson.loads(content), repeated)
                    error = from_body(status, content)
                    if not isinstance(error, Unavailable):
                        error.repeated = repeated
                        raise error
                    failure = error
                    nothing_done = error.nothing_done
                self.leave(index)
                if not nothing_done:
                    if once:
                        raise _outcome_unknown(failure) from failure
                    repeated = True
            now = asyncio.get_running_loop().time()
            if deadline is None:
                deadline = now + (self._timeout if patience is None else patience)
            if now >= deadline:
                raise self._unavailable(failure) from failure
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _unavailable(self, failure: Exception) -> Unavailable:
        urls = ", ".join(map(str, self._urls))
        reason = str(failure) or type(failure).__name__
        code = failure.code if isinstance(failure, Unavailable) else UNAVAILABLE
        return Unavailable(f"etcd at {urls} does not answer: {reason}", code)

    async def _attempt(self, index: int, path: str, body: bytes, attempt: int, *, once: bool) -> tuple[int, bytes]:
        request = self._request(index, path, body, grpc_timeout=attempt, read=attempt + 1.0, has_leader=once)
        lane = await self._lanes.acquire()
        silence = None
        if self.several and attempt > SILENCE:
            silence = asyncio.get_running_loop().call_later(SILENCE, self.leave, index)
        try:
            response = await lane.handle_async_request(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            try:
                return response.status_code, await read(response)
            finally:
                await response.stream.aclose()
        finally:
            if silence is not None:
                silence.cancel()
            self._lanes.release(lane)

    async def open(self, index: int, path: str, body: bytes) -> "Stream":
        """POST `body` for an answer without end, on a connection of its own.

        Raises:
            EtcdError: etcd refused.
            httpx.TransportError: the endpoint cannot be reached.
        """
        request = self._request(index, path, body, grpc_timeout=None, read=None, has_leader=True)
        transport = self._transport()
        try:
            # A context of its own: a stream outlives the request on whose behalf it may have been opened, and has no
            # place in that request's trace.
            response = await asyncio.create_task(_send(transport, request), context=Context())
            if response.status_code != 200:
                raise from_body(response.status_code, await read(response))
        except BaseException:
            await transport.aclose()
            raise
        return Stream(transport, response)

    def _request(
        self, index: int, path: str, body: bytes, *, grpc_timeout: int | None, read: float | None, has_leader: bool
    ) -> httpx.Request:
        url = self._paths[index].get(path)
        if url is None:
            url = self._paths[index][path] = self._urls[index].copy_with(raw_path=path.encode("ascii"))
        headers = httpx.Headers(self._headers[index])
        headers["Content-Length"] = str(len(body))
        if grpc_timeout is not None:
            headers["Grpc-Timeout"] = f"{grpc_timeout}S"
        if has_leader:
            headers[HAS_LEADER] = "true"
        timeouts = {"connect": CONNECT_TIMEOUT, "pool": CONNECT_TIMEOUT, "write": read or 5.0, "read": read}
        return httpx.Request(
            "POST", url, headers=headers, stream=httpx.ByteStream(body), extensions={"timeout": timeouts}
        )


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is still being received."""

    transport: httpx.AsyncBaseTransport
    response: httpx.Response

    async def aclose(self) -> None:
        try:
            await self.response.aclose()
        finally:
            await self.transport.aclose()


async def _send(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    return await transport.handle_async_request(request)


async def read(response: httpx.Response) -> bytes:
    """Return the whole body of a response."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return b"".join([chunk async for chunk in response.stream])


def _outcome_unknown(failure: Exception) -> OutcomeUnknown:
    """Return the error of etcd's own client: etcd's words, or those for a deadline that passed or a connection that broke."""
    if isinstance(failure, httpx.TimeoutException):
        return OutcomeUnknown(DEADLINE, DEADLINE_EXCEEDED)
    if isinstance(failure, Unavailable):
        expired = failure.code == DEADLINE_EXCEEDED
        return OutcomeUnknown(DEADLINE if expired else failure.message, failure.code)
    return OutcomeUnknown("rpc error: code = Unavailable desc = error reading from server: EOF", UNAVAILABLE)


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise ValueError(f"etcd endpoint {url!r}: {exc}") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"etcd endpoint {url!r}: want http://host:port or https://host:port")
    return parsed
