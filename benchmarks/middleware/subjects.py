"""What is measured: the same small application bare, and under each middleware, sampled one in ten thousand or always."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

import httpx
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased

RATIO = 1e-4
Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
_BODY = {"type": "http.response.body", "body": b"ok"}


async def bare(scope: Message, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send(_START)
        await send(_BODY)


class Nowhere(SpanExporter):
    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


class OfTheUser(Sampler):
    """A sampler that nobody knows: by ratio, as the SDK's is."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(self, *args: Any, **kwargs: Any) -> SamplingResult:
        return self._sampler.should_sample(*args, **kwargs)

    def get_description(self) -> str:
        return "OfTheUser"


def provider(sampler: Sampler | None = None, *, otlp: str = "") -> TracerProvider:
    made = TracerProvider(sampler=sampler or TraceIdRatioBased(RATIO), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=otlp, insecure=True) if otlp else Nowhere()
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def rootspan(app: App, tracer_provider: TracerProvider) -> App:
    from rootspan import TracingMiddleware

    return TracingMiddleware(app, tracer_provider=tracer_provider)


def contrib(app: App, tracer_provider: TracerProvider, *, as_shipped: bool = False) -> App:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.metrics import NoOpMeterProvider

    return OpenTelemetryMiddleware(
        app,
        tracer_provider=tracer_provider,
        meter_provider=NoOpMeterProvider(),
        exclude_spans=None if as_shipped else ["send", "receive"],
    )


def starlette_own(app: App, tracer_provider: TracerProvider) -> App:
    from starlette.middleware.opentelemetry import OpenTelemetryMiddleware

    return OpenTelemetryMiddleware(app, tracer_provider=tracer_provider)


def sentry(app: App) -> App:
    import sentry_sdk
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

    sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", traces_sample_rate=RATIO, default_integrations=False)
    return SentryAsgiMiddleware(app)


def datadog(app: App) -> App:
    os.environ.update(DD_TRACE_SAMPLE_RATE=str(RATIO), DD_TRACE_AGENT_URL="http://127.0.0.1:1")
    os.environ.update(DD_INSTRUMENTATION_TELEMETRY_ENABLED="false", DD_REMOTE_CONFIGURATION_ENABLED="false")
    from ddtrace.contrib.asgi import TraceMiddleware
    from ddtrace.trace import tracer

    tracer.shutdown()
    return TraceMiddleware(app)


def starlette_app(routes: int) -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def endpoint(request: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route(f"/r{number}/{{id}}", endpoint) for number in range(routes)])


def contrib_starlette(app: Any, tracer_provider: TracerProvider) -> Any:
    from opentelemetry.instrumentation.starlette import StarletteInstrumentor
    from opentelemetry.metrics import NoOpMeterProvider

    StarletteInstrumentor.instrument_app(app, tracer_provider=tracer_provider, meter_provider=NoOpMeterProvider())
    return app


def fastapi_app() -> Any:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/r{number}/{order}")
    async def endpoint(number: int, order: str) -> dict[str, str]:
        return {"order": order}

    return app


def contrib_fastapi(app: Any, tracer_provider: TracerProvider) -> Any:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.metrics import NoOpMeterProvider

    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=tracer_provider,
        meter_provider=NoOpMeterProvider(),
        exclude_spans=["send", "receive"],
    )
    return app


def _answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"ok")


def client_bare() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(_answer))


def client_rootspan(tracer_provider: TracerProvider) -> httpx.AsyncClient:
    from rootspan.httpx import AsyncTracingTransport

    return httpx.AsyncClient(
        transport=AsyncTracingTransport(httpx.MockTransport(_answer), tracer_provider=tracer_provider)
    )


def client_contrib(tracer_provider: TracerProvider) -> httpx.AsyncClient:
    from opentelemetry.instrumentation.httpx import AsyncOpenTelemetryTransport
    from opentelemetry.metrics import NoOpMeterProvider

    return httpx.AsyncClient(
        transport=AsyncOpenTelemetryTransport(
            httpx.MockTransport(_answer), tracer_provider=tracer_provider, meter_provider=NoOpMeterProvider()
        )
    )


def calling(client: httpx.AsyncClient) -> App:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await client.get("http://127.0.0.1:8080/things/1")
        await send(_START)
        await send(_BODY)

    return app


__all__ = ["ALWAYS_ON", "RATIO", "OfTheUser", "ParentBased", "TraceIdRatioBased", "bare"]
