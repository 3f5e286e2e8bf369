"""One outgoing call that is recorded, from the sending of its request to the end of its response's body.

What its error and its end are is decided here, for its span and for its duration alike. A call ends when the body has been
read, has failed, or is closed; a call without a body that is still to come ends with the head of its response. The duration
is that of the span, as the semantic conventions ask.

A call that is given up is not an error: whatever is not an `Exception` (a cancellation, a generator that is closed) ends it
without a status and without `error.type`.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.trace import Span

from rootspan.exchange import type_name
from rootspan.metrics import BUCKETS
from rootspan.server_attributes import Attributes

_SECOND = 1_000_000_000
_VERSIONS = {b"HTTP/1.0": "1.0", b"HTTP/1.1": "1.1", b"HTTP/2": "2", b"HTTP/3": "3"}


class Response(Protocol):
    """The part of `httpx.Response` that is used here."""

    stream: Any

    @property
    def status_code(self) -> int: ...
    @property
    def extensions(self) -> Mapping[str, Any]: ...
    @property
    def is_closed(self) -> bool: ...


ResponseT = TypeVar("ResponseT", bound=Response)


def error_type(status: int | None, error: BaseException | None) -> str | None:
    """Return the `error.type` of a call: the type of what it failed with, or else its status of 400 or more.

    None for a call that did not fail.
    """
    if isinstance(error, Exception):
        return type_name(error)
    return str(status) if status is not None and status >= 400 else None


def client_durations(meter_provider: MeterProvider, scope_name: str, scope_version: str) -> Histogram:
    """Make the histogram `http.client.request.duration`, in seconds."""
    return meter_provider.get_meter(scope_name, scope_version).create_histogram(
        "http.client.request.duration",
        unit="s",
        description="Duration of HTTP client requests.",
        explicit_bucket_boundaries_advisory=BUCKETS,
    )


class Duration:
    """The duration of one call, which `histogram` gets when the call ends.

    Args:
        attributes: What is known of the request. Every value is one of few, whatever the server answers.
        context: The context whose span an exemplar names.
        begin: When the call began, in nanoseconds since the epoch.
    """

    def __init__(self, histogram: Histogram, attributes: Attributes, context: Context, begin: int) -> None:
        self._histogram = histogram
        self._attributes = attributes
        self._context = context
        self._begin = begin
        self._status: int | None = None

    def answered(self, response: Response) -> None:
        self._status = response.status_code
        self._attributes["http.response.status_code"] = self._status
        if version := _VERSIONS.get(response.extensions.get("http_version", b"")):
            self._attributes["network.protocol.version"] = version

    def end(self, error: BaseException | None, end: int) -> None:
        if failure := error_type(self._status, error):
            self._attributes["error.type"] = failure
        elapsed = max(0, end - self._begin) / _SECOND  # a clock may be put back
        self._histogram.record(elapsed, self._attributes, self._context)


class Call(Generic[ResponseT]):
    """A call that is recorded by its span, by its duration, or by both.

    Args:
        span: A recording span, or None.
        duration: The duration, or None.
        record_response: Called with the span and the response when its head has arrived.
        record_error: Called with the span and what the call failed with, or was given up with.
    """

    def __init__(
        self,
        span: Span | None,
        duration: Duration | None,
        record_response: Callable[[Span, ResponseT], None],
        record_error: Callable[[Span, BaseException], None],
    ) -> None:
        self._span = span
        self._duration = duration
        self._record_response = record_response
        self._record_error = record_error
        self._ended = False

    def answered(self, response: ResponseT) -> bool:
        """Record the head of the response. Tell whether its body is still to come; if not, the call has ended."""
        if self._span is not None:
            self._record_response(self._span, response)
        if self._duration is not None:
            self._duration.answered(response)
        if response.is_closed:
            self.end()
        return not self._ended

    def end(self, error: BaseException | None = None) -> None:
        """End the call, with what it failed with. Only the first end counts."""
        if self._ended:
            return
        self._ended = True
        now = time.time_ns()
        if self._span is not None:
            if error is not None:
                self._record_error(self._span, error)
            self._span.end(now)
        if self._duration is not None:
            self._duration.end(error, now)


class SyncStream(Protocol):
    """The part of `httpx.SyncByteStream` that is used here."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class AsyncStream(Protocol):
    """The part of `httpx.AsyncByteStream` that is used here."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


class RecordedBody:
    """The body of a response, whose end is that of its call."""

    def __init__(self, call: Call[Any], stream: SyncStream) -> None:
        self._call = call
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except GeneratorExit:
            self._call.end()
            raise
        except BaseException as error:
            self._call.end(error)
            raise
        self._call.end()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._call.end()


class AsyncRecordedBody:
    """The same of an asynchronous response."""

    def __init__(self, call: Call[Any], stream: AsyncStream) -> None:
        self._call = call
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except GeneratorExit:
            self._call.end()
            raise
        except BaseException as error:
            self._call.end(error)
            raise
        self._call.end()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._call.end()
