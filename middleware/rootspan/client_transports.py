"""A tracing transport that blocks, one that does not, and how a client that exists already gets one in each of its places."""

from collections.abc import Callable, Coroutine
from functools import wraps
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self, TypeVar

from rootspan.call import AsyncRecordedBody, Call, RecordedBody, ResponseT
from rootspan.client import ClientTracing, RequestT
from rootspan.client_attributes import RESENDS, Resends


class SyncTransport(Protocol):
    """The part of `httpx.BaseTransport` that is used here."""

    def handle_request(self, request: Any) -> Any: ...
    def close(self) -> None: ...
    def __enter__(self) -> Any: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class AsyncTransport(Protocol):
    """The part of `httpx.AsyncBaseTransport` that is used here."""

    async def handle_async_request(self, request: Any) -> Any: ...
    async def aclose(self) -> None: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


SyncTransportT = TypeVar("SyncTransportT", bound=SyncTransport)
AsyncTransportT = TypeVar("AsyncTransportT", bound=AsyncTransport)


class SyncTracing(ClientTracing[RequestT, ResponseT, SyncTransportT]):
    """A transport of a synchronous client."""

    body_type: ClassVar[type[RecordedBody]]

    def handle_request(self, request: RequestT) -> ResponseT:
        sent, call = self._begin(request)
        if call is None:
            response: ResponseT = self._transport.handle_request(sent)
            return response
        try:
            response = self._transport.handle_request(sent)
        except BaseException as error:
            call.end(error)
            raise
        if call.answered(response):
            response.stream = self.body_type(call, response.stream)
        return response

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        self._transport.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._transport.__exit__(exc_type, exc_value, traceback)


class AsyncTracing(ClientTracing[RequestT, ResponseT, AsyncTransportT]):
    """A transport of an asynchronous client."""

    body_type: ClassVar[type[AsyncRecordedBody]]

    def handle_async_request(self, request: RequestT) -> Coroutine[Any, Any, ResponseT]:
        sent, call = self._begin(request)
        if call is None:  # a coroutine of its own would be half of what such a call costs
            response: Coroutine[Any, Any, ResponseT] = self._transport.handle_async_request(sent)
            return response
        return self._record(sent, call)

    async def _record(self, sent: RequestT, call: Call[ResponseT]) -> ResponseT:
        try:
            response: ResponseT = await self._transport.handle_async_request(sent)
        except BaseException as error:
            call.end(error)
            raise
        if call.answered(response):
            response.stream = self.body_type(call, response.stream)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._transport.__aexit__(exc_type, exc_value, traceback)


def instrument(client: Any, wrap: Callable[[Any], Any]) -> None:
    """Wrap the transport of an httpx-like client and those of its mounts and proxies, and have it count what it sends again.

    Raises:
        ValueError: One of them is a tracing transport already.
    """
    mounts = client._mounts
    if any(isinstance(transport, ClientTracing) for transport in (client._transport, *mounts.values())):
        raise ValueError(f"{client!r} is traced already")
    client._transport, client._mounts = (
        wrap(client._transport),
        {pattern: None if transport is None else wrap(transport) for pattern, transport in mounts.items()},
    )
    build_request = client.build_request

    @wraps(build_request)
    def build(*args: Any, **kwargs: Any) -> Any:
        request = build_request(*args, **kwargs)
        request.extensions[RESENDS] = Resends()
        return request

    client.build_request = build
