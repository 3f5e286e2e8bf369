"""What happens when a handler raises or takes too long."""

import asyncio
from typing import Any

import httpx
import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.filters.panic import PanicRecovery
from rootspan_apiserver.filters.warnings import ITEM_LIMIT, TOTAL_LIMIT, warning_headers
from rootspan_apiserver.kube.asgi import Receive, Scope, Send

pytestmark = pytest.mark.anyio


async def test_panic_returns_500_without_reason(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a plain 500, the log the traceback, the current span the exception."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the reason")

    provider, recorder = recording_provider()
    transport = httpx.ASGITransport(PanicRecovery(broken))
    with provider.get_tracer("test").start_as_current_span("request"):
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/api/v1/pods")
    assert answer.status_code == 500
    assert answer.text == "This request caused apiserver to panic. Look in the logs for details.\n"
    assert "the reason" in caplog.text
    (span,) = recorder.spans
    assert [event.name for event in span.events] == ["exception"]


async def test_cancelled_request_is_not_logged() -> None:
    """Cancellation passes through: the server that stops is not told of a panic."""

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def never(*_: object) -> Any:
        raise AssertionError("nothing is to be sent")

    task = asyncio.create_task(PanicRecovery(waits)({"method": "GET", "path": "/"}, never, never))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("careful", b'299 - "careful"'),
        ('unknown field "spec.junk"', b'299 - "unknown field \\"spec.junk\\""'),
        ("two\r\nlines: x", b'299 - "twolines: x"'),
        ("back\\slash", b'299 - "back\\\\slash"'),
    ],
)
def test_warning_headers(text: str, header: bytes) -> None:
    """A warning is one quoted string of one line, whatever the text."""
    assert list(warning_headers([text])) == [header]


def test_repeated_warning_is_sent_once() -> None:
    """However often it was recorded, and in the order of the first time; an empty one is none."""
    assert list(warning_headers(["b", "a", "", "b", "a"])) == [b'299 - "b"', b'299 - "a"']


def test_warnings_are_cut_to_total_length() -> None:
    """Up to 4,096 characters they are whole; beyond that each is cut to 256, and those that still have no room are left out."""
    texts = [str(number).rjust(1024, "x") for number in range(4)]
    assert [len(header) for header in warning_headers(texts)] == [len('299 - ""') + 1024] * 4
    texts = [str(number).ljust(1024, "x") for number in range(100, 140)]
    headers = list(warning_headers(texts))
    assert headers == [f'299 - "{text[:ITEM_LIMIT]}"'.encode() for text in texts[: TOTAL_LIMIT // ITEM_LIMIT]]
    assert list(warning_headers(["é" * 5000])) == [f'299 - "{"é" * ITEM_LIMIT}"'.encode()]
