"""Other conventions than OpenTelemetry's stable ones: by a subclass, and by a provider that wraps another."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import Tracer
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Span, Status, StatusCode, TracerProvider

from rootspan import Continuation, TracingMiddleware
from rootspan.testing import recording_provider
from tests.middleware.asgi import BODY, START, Receive, Scope, Send, drive, http_scope

pytestmark = pytest.mark.anyio


class OldConventions(TracingMiddleware):
    """The conventions of 2021, where a client's error was one of the server's span too."""

    def request_attributes(self, scope: Scope) -> dict[str, str | int]:
        return {"http.method": scope["method"], "http.target": scope["path"]}

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        if status is not None:
            span.set_attribute("http.status_code", status)
            if status >= 400:
                span.set_status(Status(StatusCode.ERROR, "Not Found"))


class RenamingProvider(TracerProvider):
    """Hands out another provider's tracers, under a name of its own."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    def get_tracer(self, *name: Any, **more: Any) -> Any:
        tracer = self._provider.get_tracer("otelhttp", "0.65.0")
        assert isinstance(tracer, Tracer)
        return tracer


async def missing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "status": 404})
    await send(BODY)


async def test_subclass_records_by_other_conventions() -> None:
    """What a span says of its request and of its response is the subclass's to say."""
    provider, recorder = recording_provider()
    app = OldConventions(missing, tracer_provider=RenamingProvider(provider), span_name=lambda scope: "Server")
    await drive(app, http_scope("/orders"))
    (span,) = recorder.spans
    assert (span.name, span.status, span.status_message) == ("Server", "ERROR", "Not Found")
    assert span.attributes == {"http.method": "GET", "http.target": "/orders", "http.status_code": 404}
    assert (span.scope.name, span.scope.version) == ("otelhttp", "0.65.0")


async def test_wrapped_provider_is_decided_without_being_asked() -> None:
    """Whether the SDK's sampler is known does not depend on who hands its tracer out."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)

    class Refusing(OldConventions):
        def request_attributes(self, scope: Scope) -> dict[str, str | int]:
            raise AssertionError("an unsampled request is not read")

    for continuation in Continuation:
        app = Refusing(missing, tracer_provider=RenamingProvider(provider), continuation=continuation)
        await drive(app, http_scope("/orders"))
    assert recorder.spans == []
