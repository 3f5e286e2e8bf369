"""A user's functions in the path of a request: what they raise or return never breaks it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import Span

from rootspan import Attributes, Continuation, TracingMiddleware
from rootspan.testing import recording_provider
from tests.middleware.asgi import HOSTILE_HEADERS, START, Scope, drive, hello, http_scope, websocket_scope

pytestmark = pytest.mark.anyio


def raising(*args: object) -> Any:
    raise KeyError("method")


def returning(result: object) -> Any:
    return lambda *args: result


async def _coroutine(*args: object) -> str:
    return "never awaited"


coroutine_function: Any = _coroutine


class FailingAttributes(TracingMiddleware):
    def request_attributes(self, scope: Scope) -> Attributes:
        raise ValueError


class WrongAttributes(TracingMiddleware):
    def request_attributes(self, scope: Scope) -> Attributes:
        wrong: Attributes = returning(None)(scope)
        return wrong


class FailingResponse(TracingMiddleware):
    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        raise ValueError


WRONG: dict[str, Callable[..., TracingMiddleware]] = {
    "span_name raises": lambda **kept: TracingMiddleware(hello, span_name=raising, **kept),
    "span_name returns a number": lambda **kept: TracingMiddleware(hello, span_name=returning(7), **kept),
    "span_name returns None": lambda **kept: TracingMiddleware(hello, span_name=returning(None), **kept),
    "span_name is a coroutine function": lambda **kept: TracingMiddleware(hello, span_name=coroutine_function, **kept),
    "exclude raises": lambda **kept: TracingMiddleware(hello, exclude=raising, **kept),
    "exclude returns a string": lambda **kept: TracingMiddleware(hello, exclude=returning("yes"), **kept),
    "continuation raises": lambda **kept: TracingMiddleware(hello, continuation=raising, **kept),
    "continuation returns None": lambda **kept: TracingMiddleware(hello, continuation=returning(None), **kept),
    "request_attributes raises": lambda **kept: FailingAttributes(hello, **kept),
    "request_attributes returns None": lambda **kept: WrongAttributes(hello, **kept),
    "record_response raises": lambda **kept: FailingResponse(hello, **kept),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("scope", [http_scope(headers=HOSTILE_HEADERS), websocket_scope(headers=HOSTILE_HEADERS)])
async def test_failing_hook_is_logged_once_and_its_default_is_used(
    wrong: str, scope: Scope, caplog: pytest.LogCaptureFixture
) -> None:
    """Every request is answered and recorded as if there were no hook; the log has one line for three requests."""
    provider, recorder = recording_provider()
    app = WRONG[wrong](tracer_provider=provider)
    for _ in range(3):
        assert len(await drive(app, {**scope})) == 2
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("rootspan.hooks", logging.ERROR)
    expected, by_default = recording_provider()
    await drive(TracingMiddleware(hello, tracer_provider=expected), {**scope})
    for span in recorder.spans:
        assert (span.name, span.attributes, span.parent_id, span.links) == (
            by_default.spans[0].name,
            by_default.spans[0].attributes,
            None,
            (),
        )
    assert len(recorder.spans) == 3


async def test_hook_that_raises_does_not_break_the_few_requests_that_are_sampled() -> None:
    """The faulty function of an application that samples one request in a hundred breaks none of a thousand."""
    provider, recorder = recording_provider(sampler=TraceIdRatioBased(0.01))
    app = TracingMiddleware(hello, tracer_provider=provider, span_name=lambda scope: f"shop {scope['method']}")
    for _ in range(1000):
        assert len(await drive(app, websocket_scope())) == 2
    assert {span.name for span in recorder.spans} == {"GET"}


async def test_error_of_the_application_is_not_a_hooks() -> None:
    """What the application raises goes on to the server, also where a hook fails as well."""
    provider, recorder = recording_provider()

    async def failing(scope: Scope, receive: object, send: Callable[..., Any]) -> None:
        await send(START)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await drive(FailingResponse(failing, tracer_provider=provider), http_scope())
    assert [span.attributes["error.type"] for span in recorder.spans] == ["ConnectionError"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tracer_provider": None}, "tracer_provider must be a TracerProvider, not NoneType"),
        ({"span_name": "shop"}, "span_name must be a function of the scope, not str"),
        ({"exclude": ["/healthz"]}, "exclude must be a function of the scope, not list"),
        ({"continuation": "continue"}, "continuation must be a Continuation or a function of the scope, not str"),
        ({"continuation": None}, "continuation must be a Continuation or a function of the scope, not NoneType"),
    ],
)
def test_wrong_argument_is_refused_at_construction(arguments: dict[str, Any], message: str) -> None:
    """A sentence names the argument and what it should be."""
    provider, _ = recording_provider()
    with pytest.raises(TypeError) as refused:
        TracingMiddleware(hello, **{"tracer_provider": provider, **arguments})
    assert str(refused.value) == message


async def test_continuation_of_a_caller_is_asked_with_the_scope_as_it_came() -> None:
    """The function sees the caller's headers, before they are replaced for the application."""
    provider, _ = recording_provider()
    seen: list[list[tuple[bytes, bytes]]] = []

    def decide(scope: Scope) -> Continuation:
        seen.append(list(scope["headers"]))
        return Continuation.CONTINUE

    scope = http_scope(headers=HOSTILE_HEADERS)
    before = list(scope["headers"])
    await drive(TracingMiddleware(hello, tracer_provider=provider, continuation=decide), scope)
    assert seen == [before]
