"""The embedded etcd as an ASGI application, to be served on a socket to anything that speaks to etcd's gateway."""

import asyncio

from rootspan_apiserver.embedded_etcd.errors import GatewayError
from rootspan_apiserver.embedded_etcd.gateway import Answer, Gateway
from rootspan_apiserver.embedded_etcd.requests import MAX_MESSAGE_BYTES, too_large
from rootspan_apiserver.embedded_etcd.watches import Watch
from rootspan_apiserver.kube.asgi import Receive, Scope, Send

MAX_BODY_BYTES = 2 * MAX_MESSAGE_BYTES


class EmbeddedApplication:
    """The gateway as an ASGI application."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await _body(receive)
            if body is None:
                return
            answer = await self._gateway.answer(scope["method"], scope["path"], body)
        except GatewayError as exc:
            answer = Answer(exc.status, exc.body)
        headers = [(b"content-type", answer.content_type.encode("ascii"))]
        if isinstance(answer.body, bytes):
            headers.append((b"content-length", b"%d" % len(answer.body)))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await _stream(answer.body, receive, send)


async def _body(receive: Receive) -> bytes | None:
    """Return the request's body, None if the client left.

    Raises:
        GatewayError: it is larger than any request can be; none of it is kept.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        if not message.get("more_body", False):
            break
    if size > MAX_BODY_BYTES:
        raise too_large(size * 3 // 4)
    return b"".join(chunks)


async def _stream(watch: Watch, receive: Receive, send: Send) -> None:
    async def close_when_client_leaves() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        watch.close()

    listener = asyncio.create_task(close_when_client_leaves())
    try:
        while (line := await watch.next()) is not None:
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        watch.close()
        listener.cancel()
