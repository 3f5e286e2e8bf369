"""The embedded etcd without a socket."""

from collections.abc import AsyncIterator

import httpx

from rootspan_apiserver.embedded_etcd.gateway import Gateway
from rootspan_apiserver.embedded_etcd.watches import Watch

HEADERS = httpx.Headers({"Content-Type": "application/json"})


class EmbeddedTransport(httpx.AsyncBaseTransport):
    """Answers requests by `gateway`; closing it ends its watches, not the gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._watches: set[Watch] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._gateway.closed:
            raise httpx.ConnectError("the embedded etcd is closed", request=request)
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = b"".join([chunk async for chunk in request.stream])
        answer = await self._gateway.answer(request.method, request.url.path, body)
        if isinstance(answer.body, bytes):
            headers = HEADERS if answer.status == 200 else httpx.Headers({"Content-Type": answer.content_type})
            return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(answer.body))
        self._watches.add(answer.body)
        return httpx.Response(200, headers=HEADERS, stream=_Lines(answer.body, self._watches))

    async def aclose(self) -> None:
        while self._watches:
            self._watches.pop().close()


class _Lines(httpx.AsyncByteStream):
    def __init__(self, watch: Watch, open_watches: set[Watch]) -> None:
        self._watch = watch
        self._open_watches = open_watches

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (line := await self._watch.next()) is not None:
            yield line

    async def aclose(self) -> None:
        self._open_watches.discard(self._watch)
        self._watch.close()
