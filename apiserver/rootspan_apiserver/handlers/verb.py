"""What all verbs on objects have in common: a span around the work, an answer the client accepts, and refusals told inside the span."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from rootspan_apiserver.dialects import events
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import representation, write_error, write_raw
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.tracing import InternalSpan

Handler = Callable[[Request, Target], Awaitable[None]]
Work = Callable[[Request, Target, Representation, InternalSpan], Awaitable[None]]


def verb(operation: InternalOperation, *, transformations: bool = True) -> Callable[[Work], Handler]:
    """Makes a handler of a verb's work, which raises StatusError to refuse.

    Args:
        operation: the verb, as spans have it.
        transformations: whether a Table or the metadata alone can be answered.
    """

    def handler_of(work: Work) -> Handler:
        @wraps(work)
        async def handler(request: Request, target: Target) -> None:
            with request.verb_span(operation) as span:
                try:
                    shown = representation(request, transformations=transformations, protobuf=not target.custom)
                except StatusError as error:
                    await write_raw(request, error.code, error.body())
                    return
                try:
                    await work(request, target, shown, span)
                except StatusError as error:
                    await write_error(request, error, target.group_version)

        return handler

    return handler_of


@contextmanager
def storing(span: InternalSpan, length: int) -> Iterator[None]:
    """Around admission and the store, of create and update: tells the span how it went. `length` is the body's, in bytes."""
    span.event(events.STORING)
    try:
        yield
    except StatusError as error:
        span.event(events.STORING_FAILED, length=length, error=error.message)
        raise
    span.event(events.STORED, length=length)


@contextmanager
def answering(span: InternalSpan) -> Iterator[None]:
    """Around the writing of the answer."""
    span.event(events.RESPONDING)
    yield
    span.event(events.RESPONDED)
