"""Watches over a WebSocket, by a client of its own and byte by byte."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
PATIENCE = 20.0
ORIGIN = Origin("http://localhost")
TOKEN = "base64url.bearer.authorization.k8s.io."


@contextlib.asynccontextmanager
async def watching(
    server: Server,
    query: str = "",
    *,
    protocols: tuple[str, ...] = (),
    authorization: str = "Bearer admin",
    accept: str = "*/*",
) -> AsyncIterator[ClientConnection]:
    address = server.address
    async with connect(
        f"ws://{address.host}:{address.port}{MAPS}?watch=1{query}",
        origin=ORIGIN,
        subprotocols=[Subprotocol(each) for each in protocols] or None,
        additional_headers={"authorization": authorization, "accept": accept},
        compression=None,
        proxy=None,
    ) as socket:
        yield socket


async def test_watch_by_websocket_sends_each_event_as_a_message(server: Server, client: httpx.AsyncClient) -> None:
    """Text for JSON, whatever its length; pings are answered meanwhile and what the client says is dropped."""
    async with watching(server) as socket:
        for name, size in (("small", 1), ("middle", 1000), ("large", 100_000)):
            await client.post(MAPS, json={"metadata": {"name": name}, "data": {"a": "x" * size}})
            await socket.send("nobody listens" * size)
            await asyncio.wait_for(await socket.ping(b"there?"), PATIENCE)
            message = await asyncio.wait_for(socket.recv(), PATIENCE)
            assert isinstance(message, str)
            event = orjson.loads(message)
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", name)
            assert message.endswith("}\n")


async def test_watch_by_websocket_sends_protobuf_as_binary(server: Server, client: httpx.AsyncClient) -> None:
    """Without the length that stands before each event of a stream."""
    async with watching(server, accept="application/vnd.kubernetes.protobuf;stream=watch") as socket:
        await client.post(MAPS, json={"metadata": {"name": "a"}})
        message = await asyncio.wait_for(socket.recv(), PATIENCE)
    assert isinstance(message, bytes)
    assert message.startswith(b"\n\x05ADDED\x12")


async def test_end_of_watch_closes_the_websocket(server: Server) -> None:
    """When its time is over, and when the client closes it."""
    async with watching(server, "&timeoutSeconds=1") as socket:
        await asyncio.wait_for(socket.wait_closed(), PATIENCE)
        assert socket.close_code == 1000
    async with watching(server) as socket:
        await asyncio.wait_for(socket.close(), PATIENCE)


async def test_token_among_the_subprotocols_authenticates(server: Server) -> None:
    """Beside another subprotocol, which alone is chosen; a wrong, malformed, repeated or lonely one is 401."""
    token = TOKEN + base64.urlsafe_b64encode(b"admin").decode().rstrip("=")
    async with watching(server, protocols=(token, "base64.binary.k8s.io"), authorization="") as socket:
        assert socket.subprotocol == "base64.binary.k8s.io"
    for wrong in ((token,), (TOKEN + "AAAA", "x"), (TOKEN + "*", "x"), (token, token, "x")):
        with pytest.raises(InvalidStatus) as refused:
            async with watching(server, protocols=wrong, authorization=""):
                pass
        assert refused.value.response.status_code == 401, wrong


UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "origin": "http://localhost",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
}


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"origin": ""}, 403, ""),
        ({"origin": "a b"}, 403, ""),
        ({"sec-websocket-key": ""}, 400, "mismatch challenge/response"),
        ({"sec-websocket-version": "8"}, 400, "missing or bad WebSocket Version"),
        ({"sec-websocket-protocol": "a, b"}, 400, ""),
    ],
)
async def test_malformed_handshake_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, text: str
) -> None:
    """As kube-apiserver refuses it, and the connection is closed."""
    answer = await client.get(f"{MAPS}?watch=1", headers=UPGRADE | headers)
    assert (answer.status_code, answer.text, answer.headers["connection"]) == (status, text, "close")


async def test_upgrade_of_other_requests_is_ignored(client: httpx.AsyncClient) -> None:
    """Also to another protocol: the answer is the ordinary one."""
    assert (await client.get("/version", headers=UPGRADE)).status_code == 200
    assert (await client.get(MAPS, headers=UPGRADE)).json()["kind"] == "ConfigMapList"
    answer = await client.get(
        f"{MAPS}?watch=1&timeoutSeconds=1", headers={"connection": "Upgrade", "upgrade": "SPDY/3.1"}
    )
    assert answer.status_code == 200
