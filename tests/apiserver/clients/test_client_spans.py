"""The spans of calls that the server gives up say what Go says of a cancelled context."""

import asyncio

import httpx
import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.v1_22 import V1_22
from rootspan_apiserver.dialects.v1_36 import V1_36

pytestmark = pytest.mark.anyio


async def given_up(dialect: Dialect) -> tuple[str, str, dict[str, object], list[dict[str, object]]]:
    """Cancel a call that is not answered. Returns status, message, attributes and the attributes of the events of its span."""
    provider, recorder = recording_provider()
    asked, given = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await given.wait()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with dialect.http_client(httpx.AsyncHTTPTransport(), tracer_provider=provider) as transport:
            request = httpx.Request("POST", f"http://127.0.0.1:{port}/mutate", content=b"{}")
            call = asyncio.ensure_future(transport.handle_async_request(request))
            await asyncio.wait_for(asked.wait(), 10)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        given.set()
    (span,) = recorder.spans
    return span.status, span.status_message, dict(span.attributes), [dict(event.attributes) for event in span.events]


async def test_cancelled_call_of_v136_is_an_error() -> None:
    """In the dialect of v1.36 the error is in the status and in `error.type`."""
    status, message, attributes, events = await given_up(V1_36)
    assert (status, message, events) == ("ERROR", "context canceled", [])
    assert attributes["error.type"] == "*errors.errorString"


async def test_cancelled_call_of_v122_is_an_event() -> None:
    """In the dialect of v1.22 the error is the event of an exception, and nothing else."""
    status, _, attributes, events = await given_up(V1_22)
    assert (status, "error.type" in attributes) == ("UNSET", False)
    assert events == [{"exception.type": "*errors.errorString", "exception.message": "context canceled"}]
