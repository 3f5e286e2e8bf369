"""What the server spans of all versions share: they are otelhttp's, and end when the filters have returned.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/traces.go
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from opentelemetry.trace import Span, Tracer, TracerProvider
from opentelemetry.util.types import Attributes

from rootspan import Continuation, TracingMiddleware
from rootspan.continuation import ContinuationOf
from rootspan.redaction import text

OTELHTTP = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
LONGEST_TARGET = 8192
"""Characters of a request's target that are recorded."""

Scope = Any


class ServerSpan(TracingMiddleware, ABC):
    """The tracing middleware, in a version's dialect. A version overrides `request_attributes` and `record_response` too.

    Args:
        app: The ASGI application, its filters included.
        tracer_provider: Makes the spans.
        continuation: What is done with a caller's trace context.
    """

    ends_with_application: ClassVar[bool] = True
    """No span of a filter outlives the server span."""
    scope_name: ClassVar[str]
    scope_version: ClassVar[str]
    user_agent_key: ClassVar[str]

    def __init__(
        self,
        app: Any,
        *,
        tracer_provider: TracerProvider,
        continuation: Continuation | ContinuationOf = Continuation.RESTART_WITHOUT_LINK,
    ) -> None:
        scoped = _ScopedProvider(tracer_provider, self.scope_name, self.scope_version)
        super().__init__(app, tracer_provider=scoped, span_name=self.span_name, continuation=continuation)

    @staticmethod
    @abstractmethod
    def span_name(scope: Scope) -> str:
        """Return the name of a request's span."""

    @staticmethod
    @abstractmethod
    def describe(span: Span, scope: Scope, audit_id: str) -> None:
        """Record what kube-apiserver itself adds to the span of a request."""

    @staticmethod
    @abstractmethod
    def record_sizes(span: Span, *, read: int, written: int) -> None:
        """Record the sizes in bytes of the request body that was read and of the response body that was written, if not 0."""


class _ScopedProvider(TracerProvider):
    """Gives every caller the tracer of one instrumentation scope."""

    def __init__(self, provider: TracerProvider, name: str, version: str) -> None:
        self._provider = provider
        self._name = name
        self._version = version

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        return self._provider.get_tracer(self._name, self._version)


def target(scope: Scope) -> str:
    """Return the request's target as it was sent, path and query, cut to `LONGEST_TARGET`."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path)[:LONGEST_TARGET].decode("latin-1")


def header(scope: Scope, name: bytes) -> str:
    """Return the first value of a header (`name` in lower case), "" without one."""
    for key, value in scope["headers"]:
        if key == name:
            return text(value)
    return ""
