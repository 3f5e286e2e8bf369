"""One HTTP request, made once by the outermost filter: what is read of it, and what the filters learn about it.

Headers, query parameters and the body are read on demand. The request is kept in the ASGI scope, so that filters are ordinary ASGI
applications.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from rootspan_apiserver.audit.annotations import AuditAnnotations
from rootspan_apiserver.audit.context import AuditContext
from rootspan_apiserver.dialects import events
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import Receive, Scope
from rootspan_apiserver.kube.go_numbers import parse_int
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.status import StatusError, bad_request, too_large_body
from rootspan_apiserver.kube.users import ALL_UNAUTHENTICATED, ANONYMOUS, User
from rootspan_apiserver.processes.calculating import weigh
from rootspan_apiserver.telemetry.metrics import normalized_verb, scope_of
from rootspan_apiserver.telemetry.tracing import InternalSpan, Tracing

NOBODY = User(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,))
_KEY = "rootspan.request"
_USER_AGENT_LIMIT = 1024


def _nothing() -> None:
    """Do nothing."""


class ClientDisconnected(Exception):  # noqa: N818 - an event, not an error
    """The client closed its connection before its request was read."""


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """One request.

    Attributes:
        receive: Reads the body.
        body_limit: The bytes of the longest body that is read.
        user: Who makes it, anonymous before authentication.
        impersonated_by: Who makes it in the name of `user`.
        impersonation_constraint: The verb that allows this in constrained impersonation, else "".
        warnings: Texts for `Warning: 299` headers of the response.
        audit_annotations: What the audit event says beside the request.
        audit: What is recorded of the request; None while that is not decided, or without an audit log.
        received: When it arrived, in seconds since 1970.
        response_document: The object that is answered as JSON; None before that, and for an answer that is no object.
        time_limit: The seconds that it may take; None if it may last.
        flow_schema_uid, priority_level_uid: Of the objects that flow control followed, "" for one that is not there; None before that.
        waited: The seconds that it waited for a seat.
        body_size: The bytes of the body, None before it was read.
        watch_initialized: To be called when a watch has sent the state that it begins with, after which it costs no seat.
    """

    scope: Scope
    receive: Receive
    info: RequestInfo
    audit_id: str
    tracing: Tracing
    body_limit: int = Limits().body
    user: User = NOBODY
    impersonated_by: User | None = None
    impersonation_constraint: str = ""
    warnings: list[str] = field(default_factory=list)
    audit_annotations: AuditAnnotations = field(default_factory=AuditAnnotations)
    audit: AuditContext | None = None
    received: float = field(default_factory=time.time)
    response_document: bytes | None = None
    time_limit: float | None = None
    flow_schema_uid: str | None = None
    priority_level_uid: str = ""
    waited: float = 0.0
    body_size: int | None = None
    watch_initialized: Callable[[], None] = _nothing
    _query: dict[str, list[str]] | None = None

    def __post_init__(self) -> None:
        self.scope[_KEY] = self

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        path: str = self.scope["path"]
        return path

    @property
    def uri(self) -> str:
        """The path and the query, as the client wrote them."""
        path = (self.scope.get("raw_path") or self.path.encode()).partition(b"?")[0]
        query: bytes = self.scope.get("query_string", b"")
        return str(path + b"?" + query if query else path, "latin-1")

    @property
    def protocol(self) -> str:
        return f"HTTP/{self.scope['http_version']}"

    def header(self, name: bytes) -> str:
        """Return the first value of a header (`name` in lower case), "" when it is missing."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value, "latin-1")
        return ""

    @property
    def query(self) -> dict[str, list[str]]:
        if self._query is None:
            raw: bytes = self.scope.get("query_string", b"")
            self._query = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True) if raw else {}
        return self._query

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
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
        """The media type of the body in lower case, without its parameters."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    async def body(self, span: InternalSpan) -> bytes:
        """Read the body, and record in the verb's span how that went.

        Raises:
            StatusError: 413 for a body longer than the limit, whose rest is not read; 500 for a malformed one.
            ClientDisconnected: The client closed its connection.
        """
        try:
            body = await self._read()
        except StatusError as exc:
            span.event(events.BODY_REFUSED, length=0, error=exc.message)
            raise
        self.body_size = len(body)
        span.event(events.BODY_READ, length=self.body_size)
        weigh(self.body_size)
        return body

    async def _read(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                if reason := message.get("reason"):
                    raise StatusError(500, "", reason)
                raise ClientDisconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.body_limit:
                raise too_large_body(self.body_limit)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def verb_facts(self) -> Facts:
        """Return what the span of a verb records."""
        info = self.info
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
            verb=normalized_verb(info, self.method, self.content_type),
        )

    def verb_span(self, operation: InternalOperation) -> AbstractContextManager[InternalSpan]:
        """Return the span of a verb: `with request.verb_span(operations.CREATE) as span:`."""
        return self.tracing.span(operation, self.verb_facts)


def request_of(scope: Scope) -> Request:
    """Return the request that the outermost filter made of the scope. Raises KeyError outside the chain."""
    request: Request = scope[_KEY]
    return request


def integer(name: str, text: str) -> int:
    """Read a 64-bit integer parameter. Raises StatusError 400 as Go's strconv words it."""
    try:
        return parse_int(text)
    except ValueError as error:
        raise bad_request(str(error)) from error
