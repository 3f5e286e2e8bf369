"""One call of a verb: what all verbs have in common.

A span around the work, a representation that the client accepts, refusals answered inside the span.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go, create.go, update.go, patch.go, delete.go
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Offer, Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Answer, error_response, representation
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.media_types import JSON, YAML
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.tracing import NOT_RECORDED, Step

_OBJECTS = Offer(table=True, metadata=True)
_CUSTOM_OBJECTS = Offer((JSON, YAML), table=True, metadata=True)
_CALCULATED = Offer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the work of a verb is given.

    Attributes:
        shown: How the client wants the response.
        span: The span of the verb, `NOT_RECORDED` where it has none.
        spans: Closed once the response is sent; work that begins its span late enters it here.
    """

    request: Request
    target: Target
    shown: Representation
    span: Step
    spans: ExitStack

    @contextmanager
    def storing(self, length: int) -> Iterator[None]:
        """Record the outcome of admission and the store, of create and update, in the span; `length` is the body's, in bytes."""
        self.span.event("About to store object in database")
        try:
            yield
        except StatusError as error:
            self.span.event("Write to database call failed", {"len": length, "err": error.message})
            raise
        self.span.event("Write to database call succeeded", {"len": length})


Work = Callable[[Call], Awaitable[Answer]]
Handler = Callable[[Request, Target, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verb:
    """The handler of a verb.

    Attributes:
        work: Returns the answer, or raises StatusError to refuse.
        span: The name of the verb's span, "" for work that begins its own.
        converts: Whether a Table or the metadata alone can be answered.
    """

    work: Work
    span: str = ""
    converts: bool = True

    async def __call__(self, request: Request, target: Target, send: Send) -> None:
        with ExitStack() as spans:
            span = spans.enter_context(request.verb_span(self.span)) if self.span else NOT_RECORDED
            try:
                call = Call(
                    request=request,
                    target=target,
                    shown=representation(request, _offer(target) if self.converts else _CALCULATED),
                    span=span,
                    spans=spans,
                )
                answer = await self.work(call)
            except StatusError as error:
                if not self.span:
                    spans.close()  # kube-apiserver refuses a list outside of its span
                refusal = error_response(request, error, group_version=target.group_version)
                await refusal.send(request, send)
                return
            span.event("About to write a response")
            await answer.send(request, send)
            span.event("Writing http response done")


def _offer(target: Target) -> Offer:
    return _CUSTOM_OBJECTS if target.custom else _OBJECTS
