"""A user's functions in the path of a call: what they raise or return never breaks it, sampled or not."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from rootspan.testing import recording_provider
from tests.middleware.clients import ALL, FORGED, Http, Upstream

pytestmark = pytest.mark.anyio


def raising(*args: object) -> Any:
    raise KeyError("method")


def returning(result: object) -> Any:
    return lambda *args: result


async def coroutine(*args: object) -> str:
    return "never awaited"


def overriding(http: Http, method: str, function: Callable[..., Any]) -> Any:
    """A tracing transport with one method of its own."""
    kind: Any = type("Overridden", (http.tracing_transport,), {method: lambda self, *args: function(*args)})
    return kind


WRONG: dict[str, Callable[[Http], tuple[Any, dict[str, Any]]]] = {
    "span_name raises": lambda http: (http.tracing_transport, {"span_name": raising}),
    "span_name returns None": lambda http: (http.tracing_transport, {"span_name": returning(None)}),
    "span_name is a coroutine function": lambda http: (http.tracing_transport, {"span_name": coroutine}),
    "exclude raises": lambda http: (http.tracing_transport, {"exclude": raising}),
    "exclude returns a string": lambda http: (http.tracing_transport, {"exclude": returning("yes")}),
    "the method span_name raises": lambda http: (overriding(http, "span_name", raising), {}),
    "request_attributes raises": lambda http: (overriding(http, "request_attributes", raising), {}),
    "request_attributes returns None": lambda http: (overriding(http, "request_attributes", returning(None)), {}),
    "record_response raises": lambda http: (overriding(http, "record_response", raising), {}),
    "inject raises": lambda http: (overriding(http, "inject", raising), {}),
}


async def calls(http: Http, upstream: Upstream, sampler: Sampler, kind: Any, arguments: dict[str, Any]) -> Any:
    """What is recorded of three calls, but for what differs between any two calls; and the headers that were sent."""
    provider, recorder = recording_provider(sampler=sampler)
    transport = kind(http.transport(), tracer_provider=provider, **arguments)
    async with http.opened(http.client(transport=transport)) as client:
        for _ in range(3):
            assert (await http.call(client.get, f"{upstream.url}/404", headers=FORGED)).status_code == 404
    sent = [set(headers) for headers in upstream.headers]
    upstream.clear()
    return [(span.name, span.kind, span.attributes, span.status) for span in recorder.spans], sent


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF])
async def test_failing_hook_is_logged_once_and_its_default_is_used(
    http: Http, upstream: Upstream, wrong: str, sampler: Sampler, caplog: pytest.LogCaptureFixture
) -> None:
    """Every call is answered, and recorded as if there were no hook; the log has one line for three calls."""
    kind, arguments = WRONG[wrong](http)
    by_default = await calls(http, upstream, sampler, http.tracing_transport, {})
    assert caplog.records == []
    assert await calls(http, upstream, sampler, kind, arguments) == by_default
    assert len(by_default[0]) == (3 if sampler is ALWAYS_ON else 0)
    is_asked = sampler is ALWAYS_ON or wrong == "inject raises"
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("rootspan.hooks", logging.ERROR)
    ] * is_asked


async def test_failing_record_error_does_not_hide_the_error(
    http: Http, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """The application gets the error of its call, and the span has it."""
    provider, recorder = recording_provider()
    transport = overriding(http, "record_error", raising)(http.transport(), tracer_provider=provider)
    async with http.opened(http.client(transport=transport)) as client:
        with pytest.raises(http.library.RemoteProtocolError):
            await http.call(client.get, f"{upstream.url}/cut")
    (span,) = recorder.spans
    assert span.attributes["error.type"] == f"{http.name}.RemoteProtocolError"
    assert [record.name for record in caplog.records if record.name.startswith("rootspan")] == ["rootspan.hooks"]


@pytest.mark.parametrize("http", ALL[:2], ids=str)
async def test_functions_are_asked_with_the_request_and_only_if_it_may_be_recorded(
    http: Http, upstream: Upstream
) -> None:
    """They see the request as it came, with the headers that are taken out of what is sent; a name is cut."""
    seen: list[Any] = []

    def name(request: Any) -> str:
        seen.append(request)
        return "x" * 2000

    provider, recorder = recording_provider()
    unsampled, _ = recording_provider(sampler=ALWAYS_OFF)

    def exclude(request: Any) -> bool:
        seen.append(request)
        return False

    for each in (provider, unsampled):
        client = http.traced(each, span_name=name, exclude=exclude)
        async with http.opened(client):
            await http.call(client.get, f"{upstream.url}/200", headers=FORGED)
    assert [request.headers["baggage"] for request in seen] == ["evil=baggage"] * 2
    assert [span.name for span in recorder.spans] == ["x" * 1024]
