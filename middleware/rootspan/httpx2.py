"""Traced calls of httpx2: `traced` for a client that exists already, and transports that wrap another one.

client = traced(httpx2.AsyncClient(base_url="https://stock.example", http2=True), tracer_provider=provider)

See `rootspan.client` for what a span says, what is sent, and what a subclass may override.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, TypeVar

import httpx2
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from rootspan.call import AsyncRecordedBody, RecordedBody
from rootspan.client_transports import AsyncTracing, SyncTracing, instrument
from rootspan.redaction import SENSITIVE_PARAMETERS

ClientT = TypeVar("ClientT", bound=httpx2.Client | httpx2.AsyncClient)


class _Body(RecordedBody, httpx2.SyncByteStream):
    pass


class _AsyncBody(AsyncRecordedBody, httpx2.AsyncByteStream):
    pass


class TracingTransport(SyncTracing[httpx2.Request, httpx2.Response, httpx2.BaseTransport], httpx2.BaseTransport):
    """A transport of an `httpx2.Client` that traces what another one sends."""

    scope_name: ClassVar[str] = "rootspan.httpx2"
    transport_type: ClassVar[type] = httpx2.BaseTransport
    body_type: ClassVar[type[RecordedBody]] = _Body


class AsyncTracingTransport(
    AsyncTracing[httpx2.Request, httpx2.Response, httpx2.AsyncBaseTransport], httpx2.AsyncBaseTransport
):
    """A transport of an `httpx2.AsyncClient` that traces what another one sends."""

    scope_name: ClassVar[str] = "rootspan.httpx2"
    transport_type: ClassVar[type] = httpx2.AsyncBaseTransport
    body_type: ClassVar[type[AsyncRecordedBody]] = _AsyncBody


def traced(
    client: ClientT,
    *,
    tracer_provider: TracerProvider,
    span_name: Callable[[httpx2.Request], str] | None = None,
    exclude: Callable[[httpx2.Request], bool] | None = None,
    sensitive_parameters: Iterable[str] = SENSITIVE_PARAMETERS,
    send_baggage: bool = False,
    meter_provider: MeterProvider | None = None,
) -> ClientT:
    """Trace what a client sends, through its own transport, its mounts and its proxies, and return the client.

    The arguments are those of `rootspan.client.ClientTracing`.

    Raises:
        TypeError: It is not a client of httpx2, or an argument is of the wrong type.
        ValueError: The client is traced already.
    """
    if not isinstance(client, httpx2.Client | httpx2.AsyncClient):
        raise TypeError(f"traced of rootspan.httpx2 takes a client of httpx2, not {client!r}")
    transport = TracingTransport if isinstance(client, httpx2.Client) else AsyncTracingTransport
    instrument(
        client,
        partial(
            transport,
            tracer_provider=tracer_provider,
            span_name=span_name,
            exclude=exclude,
            sensitive_parameters=sensitive_parameters,
            send_baggage=send_baggage,
            meter_provider=meter_provider,
        ),
    )
    return client
