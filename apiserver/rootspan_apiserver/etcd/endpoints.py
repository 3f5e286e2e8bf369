"""One request to whichever endpoint answers.

httpx knows no fail-over, so it is here: an endpoint that cannot be reached, or answers 5xx, makes room for the next
one, in rounds with growing pauses, until an answer or the end of the time allowed. Every request may therefore be sent
more than once; `Answer.repeated` says that an earlier copy may have been carried out, and only the caller can know
what that means.

etcd keeps a write that finds no leader for 7 s and then refuses it; `Grpc-Timeout` gives it up early enough to reach
the next leader.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from .errors import UNAVAILABLE, Unavailable, from_body
from .lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
CONNECT_TIMEOUT = 1.0
LANES = 16
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class Answer:
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
    def current(self) -> int:
        return self._current

    def leave(self, index: int) -> None:
        """Ask the endpoint after `index` from now on, if it is still `index` that is asked."""
        if self._current == index:
            self._current = (index + 1) % len(self._urls)

    async def aclose(self) -> None:
        await self._lanes.aclose()

    async def call(self, path: str, body: bytes, *, attempt: int, patience: float | None = None) -> Answer:
        """POST `body`; one endpoint has `attempt` seconds to answer.

        After the first failure further rounds are begun for `patience` seconds, by default the `timeout` of all.

        Raises:
            Unavailable: no endpoint answered.
            EtcdError: etcd refused.
        """
        deadline: float | None = None
        pause = FIRST_PAUSE
        repeated = False
        while True:
            for _ in self._urls:
                index = self._current
                try:
                    status, content = await self._attempt(index, path, body, attempt)
                except httpx.TransportError as exc:
                    failure: Exception = exc
                    repeated = repeated or not isinstance(exc, NOT_SENT)
                else:
                    if status == 200:
                        return Answer(orjson.loads(content), repeated)
                    error = from_body(status, content)
                    if not isinstance(error, Unavailable):
                        error.repeated = repeated
                        raise error
                    failure = error
                    repeated = True
                self.leave(index)
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

    async def _attempt(self, index: int, path: str, body: bytes, attempt: int) -> tuple[int, bytes]:
        request = self._request(index, path, body, grpc_timeout=attempt, read=attempt + 1.0)
        lane = await self._lanes.acquire()
        try:
            response = await lane.handle_async_request(request)
            try:
                return response.status_code, await read(response)
            finally:
                await response.aclose()
        finally:
            self._lanes.release(lane)

    async def open(self, index: int, path: str, body: bytes) -> Stream:
        """POST `body` for an answer without end, on a connection of its own.

        Raises:
            EtcdError: etcd refused.
            httpx.TransportError: the endpoint cannot be reached.
        """
        request = self._request(index, path, body, grpc_timeout=None, read=None)
        request.headers["Grpc-Metadata-hasleader"] = "true"
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
        self, index: int, path: str, body: bytes, *, grpc_timeout: int | None, read: float | None
    ) -> httpx.Request:
        url = self._paths[index].get(path)
        if url is None:
            url = self._paths[index][path] = self._urls[index].copy_with(raw_path=path.encode("ascii"))
        headers = httpx.Headers(self._headers[index])
        headers["Content-Length"] = str(len(body))
        if grpc_timeout is not None:
            headers["Grpc-Timeout"] = f"{grpc_timeout}S"
        timeouts = {"connect": CONNECT_TIMEOUT, "pool": CONNECT_TIMEOUT, "write": read or 5.0, "read": read}
        return httpx.Request(
            "POST", url, headers=headers, stream=httpx.ByteStream(body), extensions={"timeout": timeouts}
        )


@dataclass(frozen=True, slots=True)
class Stream:
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
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return b"".join([chunk async for chunk in response.stream])


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise ValueError(f"etcd endpoint {url!r}: {exc}") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"etcd endpoint {url!r}: want http://host:port or https://host:port")
    return parsed
