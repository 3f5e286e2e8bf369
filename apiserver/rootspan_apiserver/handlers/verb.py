"""What all verbs on objects have in common: a span around the work, an answer the client accepts, and refusals told inside the span."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import representation, write_error, write_raw
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.tracing import Step

Handler = Callable[[Request, Target], Awaitable[None]]
Work = Callable[[Request, Target, Representation, Step], Awaitable[None]]


def verb(span_name: str, *, transformations: bool = True) -> Callable[[Work], Handler]:
    """Makes a handler of a verb's work, which raises StatusError to refuse.

    Args:
        span_name: of the verb's span: `Create`, `Get`….
        transformations: whether a Table or the metadata alone can be answered.
    """

    def handler_of(work: Work) -> Handler:
        @wraps(work)
        async def handler(request: Request, target: Target) -> None:
            with request.verb_span(span_name) as span:
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
def storing(span: Step, length: int) -> Iterator[None]:
    """Around admission and the store, of create and update: tells the span how it went. `length` is the body's, in bytes."""
    span.event("About to store object in database")
    try:
        yield
    except StatusError as error:
        span.event("Write to database call failed", {"len": length, "err": error.message})
        raise
    span.event("Write to database call succeeded", {"len": length})


@contextmanager
def answering(span: Step) -> Iterator[None]:
    """Around the writing of the answer."""
    span.event("About to write a response")
    yield
    span.event("Writing http response done")
