"""What becomes of those who are being answered when the block of a server ends."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.apiserver.serving.conftest import PATIENCE, connected, served

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b"x" * 300_000


class Held:
    """An application that answers when it is let go on."""

    def __init__(self) -> None:
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": BODY})


async def test_answer_in_flight_arrives_whole() -> None:
    """Within the grace it is waited for, and so is a second one on the same connection, until the client has the last byte."""
    held, told = Held(), asyncio.Event()
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        async with served(held, grace=PATIENCE, stopping=told.set) as address:
            raw = await stack.enter_async_context(connected(address))
            raw.send(GET, GET)
            await held.asked.wait()

            async def read() -> bytes:
                await told.wait()
                held.go_on.set()
                return await raw.rest()

            reading = asyncio.create_task(read())
        answers = await reading
    assert answers.count(b"HTTP/1.1 200 OK") == answers.count(BODY) == 2


async def test_aborted_request_gets_no_response(caplog: pytest.LogCaptureFixture) -> None:
    """After the grace the connection ends without an answer, and neither a text nor a traceback tells of a fault."""
    held = Held()
    with caplog.at_level(logging.INFO):
        async with AsyncExitStack() as stack:
            async with served(held, grace=0.1) as address:
                raw = await stack.enter_async_context(connected(address))
                raw.send(GET)
                await held.asked.wait()
            (cut,) = await asyncio.gather(raw.rest(), return_exceptions=True)
    assert cut == b"" or isinstance(cut, ConnectionError)
    assert caplog.records == []


async def test_application_that_leaves_its_answer_unfinished_cuts_the_connection() -> None:
    """So that the client does not take it for a whole one, and without waiting for a client that reads nothing."""

    async def unfinished(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    async with served(unfinished) as address, connected(address) as raw:
        raw.send(GET)
        (answer,) = await asyncio.gather(raw.rest(), return_exceptions=True)
    assert isinstance(answer, BaseException) or not answer.endswith(b"0\r\n\r\n")
