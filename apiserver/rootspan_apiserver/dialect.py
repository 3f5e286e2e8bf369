"""Under whose name spans are made: kube-apiserver's instrumentation, not ours.

A reader of traces filters by instrumentation scope; whoever compares with the real server finds the same scopes here.
"""

from opentelemetry.trace import Tracer, TracerProvider
from opentelemetry.util.types import Attributes

OTELHTTP = ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.65.0")


class ServerSpans(TracerProvider):
    """The provider for the tracing middleware: whatever scope is asked for, the tracer is that of Go's otelhttp."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        return self._provider.get_tracer(*OTELHTTP)
