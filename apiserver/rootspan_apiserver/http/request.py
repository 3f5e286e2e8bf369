"""A request as the handlers see it: the ASGI triple, what the filters learned, headers and parameters read when asked for."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs

from rootspan_apiserver.dialects import events
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request_context import RequestContext, request_context
from rootspan_apiserver.kube.go_numbers import parse_int
from rootspan_apiserver.kube.status import StatusError, bad_request, too_large_body
from rootspan_apiserver.telemetry.metrics import scope_of, verb_of
from rootspan_apiserver.telemetry.tracing import InternalSpan

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_USER_AGENT_LIMIT = 1024


class ClientDisconnected(Exception):  # noqa: N818 - an event, not an error
    """The client went away before its request was read."""


class Request:
    """One HTTP request; made once in the chain's innermost room."""

    __slots__ = ("_query", "context", "parts", "receive", "scope", "send")

    def __init__(self, parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
        self.parts = parts
        self.scope = scope
        self.receive = receive
        self.send = send
        self.context: RequestContext = request_context(scope)
        self._query: dict[str, list[str]] | None = None

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        path: str = self.scope["path"]
        return path

    @property
    def protocol(self) -> str:
        return f"HTTP/{self.scope['http_version']}"

    def header(self, name: bytes) -> str:
        """The first value of a header (`name` in lower case), "" when it is missing."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value, "latin-1")
        return ""

    @property
    def query(self) -> dict[str, list[str]]:
        if self._query is None:
            raw: bytes = self.scope.get("query_string", b"")
            self._query = parse_qs(raw.decode("latin-1"), keep_blank_values=True) if raw else {}
        return self._query

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None

    @property
    def user_agent(self) -> str:
        return self.header(b"user-agent")

    @property
    def client(self) -> str:
        """The address of the client, as it or a proxy before it says."""
        forwarded = self.header(b"x-forwarded-for").split(",")[0].strip() or self.header(b"x-real-ip")
        peer = self.scope.get("client")
        return forwarded or (peer[0] if peer else "")

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, its parameters taken off."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    async def body(self, span: InternalSpan) -> bytes:
        """Reads the body, telling the verb's span so.

        Raises:
            StatusError: 413 for a body longer than the limit; the rest of it is not read.
            ClientDisconnected: the client went away first.
        """
        limit = self.parts.limits.body
        try:
            body = await self._read(limit)
        except StatusError as exc:
            span.event(events.BODY_REFUSED, length=0, error=exc.message)
            raise
        span.event(events.BODY_READ, length=len(body))
        return body

    async def _read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise too_large_body(limit)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def verb_facts(self) -> Facts:
        """Return what the span of a verb records."""
        info = self.context.info
        agent = self.user_agent
        if len(agent) > _USER_AGENT_LIMIT:
            agent = agent[:_USER_AGENT_LIMIT] + "...TRUNCATED"
        return facts(
            accept=self.header(b"accept"),
            client=self.client,
            api_group=info.api_group,
            api_version=info.api_version,
            name=info.name,
            subresource=info.subresource,
            namespace=info.namespace,
            protocol=self.protocol,
            resource=info.resource,
            scope=scope_of(info),
            url=self.path,
            user_agent=agent,
            verb=verb_of(info, self.content_type),
        )

    def verb_span(self, operation: InternalOperation) -> AbstractContextManager[InternalSpan]:
        """Return the span of a verb: `with request.verb_span(operations.CREATE) as span:`."""
        return self.parts.tracing.span(operation, self.verb_facts)


def integer(name: str, text: str) -> int:
    """A 64-bit integer parameter. Raises StatusError 400 as Go's strconv words it."""
    try:
        return parse_int(text)
    except ValueError as error:
        raise bad_request(str(error)) from error
