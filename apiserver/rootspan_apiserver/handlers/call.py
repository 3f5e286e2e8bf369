"""One call of a verb: what all verbs have in common.

A span around the work, a representation that the client accepts, refusals answered inside the span.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go, create.go, update.go, patch.go, delete.go
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from rootspan_apiserver.dialects import events
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Offer, Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Sendable, error_response, representation
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.media_types import CUSTOM_PATCHES, JSON, YAML
from rootspan_apiserver.kube.status import StatusError, unsupported_media_type
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.telemetry.tracing import NOT_RECORDED, InternalSpan

_OBJECTS = Offer(table=True, metadata=True)
_CUSTOM_OBJECTS = Offer((JSON, YAML), table=True, metadata=True)
WITHOUT_TABLE = Offer(metadata=True)
"""Of what has no columns: subresources of their own, and kinds that are created and never stored."""


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
    span: InternalSpan
    spans: ExitStack

    @contextmanager
    def storing(self, length: int) -> Iterator[None]:
        """Record the outcome of admission and the store, of create and update, in the span; `length` is the body's, in bytes."""
        self.span.event(events.STORING)
        try:
            yield
        except StatusError as error:
            self.span.event(events.STORING_FAILED, length=length, error=error.message)
            raise
        self.span.event(events.STORED, length=length)


Work = Callable[[Call], Awaitable[Sendable]]
Handler = Callable[[Request, Target, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verb:
    """The handler of a verb.

    Attributes:
        work: Returns the answer, or raises StatusError to refuse.
        operation: The verb, as spans have it; None for work that begins its own.
        offer: What it can write; None for what the resource can be shown as.
    """

    work: Work
    operation: InternalOperation | None = None
    offer: Offer | None = None

    async def __call__(self, request: Request, target: Target, send: Send) -> None:
        with ExitStack() as spans:
            span = spans.enter_context(request.verb_span(self.operation)) if self.operation else NOT_RECORDED
            try:
                check_patch_type(request, target)
                call = Call(
                    request=request,
                    target=target,
                    shown=representation(request, self.offer or _offer(target)),
                    span=span,
                    spans=spans,
                )
                answer = await self.work(call)
            except StatusError as error:
                if self.operation is None:
                    spans.close()  # kube-apiserver refuses a list outside of its span
                refuse = partial(error_response, request, error, group_version=target.group_version)
                refusal = await calculated(refuse)
                await refusal.send(request, send)
                return
            span.event(events.RESPONDING)
            await answer.send(request, send)
            span.event(events.RESPONDED)


def check_patch_type(request: Request, target: Target) -> None:
    """Raises StatusError 415, which comes before all other refusals of a patch of a custom resource."""
    if target.resource.custom and request.info.verb == "patch" and request.content_type not in CUSTOM_PATCHES:
        raise unsupported_media_type(CUSTOM_PATCHES)


def _offer(target: Target) -> Offer:
    if target.subresource is not None and not target.subresource.has_table:
        return WITHOUT_TABLE
    return _CUSTOM_OBJECTS if target.resource.custom else _OBJECTS
