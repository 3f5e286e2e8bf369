"""The spans of kube-apiserver v1.22, where tracing is alpha: those of otelhttp and otelgrpc 0.20, and no internal spans.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/tracing.go, staging/src/k8s.io/component-base/traces/utils.go
"""

from types import MappingProxyType

from opentelemetry.sdk.resources import Resource

from rootspan_apiserver.dialects import v1_36
from rootspan_apiserver.dialects.dialect import ConformanceKeys, Dialect
from rootspan_apiserver.dialects.otel_0_20 import EtcdSpans020, HTTPClientSpans020, ServerSpan020


def resource(hostname: str) -> Resource:
    """Return the resource of the server's spans: host and SDK, and an instance id that is empty without a feature gate."""
    return Resource.create({"host.name": hostname, "service.name": "apiserver", "service.instance.id": ""})


V1_22 = Dialect(
    version="1.22",
    server_span=ServerSpan020,
    http_client=HTTPClientSpans020,
    etcd_client=EtcdSpans020,
    spans=MappingProxyType({}),
    # The log's text traces are those of v1.36: v1.22's own are not emulated.
    text_traces=v1_36.SPANS,
    events=v1_36.EVENTS,
    resource=resource,
    joins_traces=False,
    flushes_at_shutdown=False,
    strict_tracing_configuration=False,
    conformance=ConformanceKeys(
        requests=(ServerSpan020.user_agent_key,),
        numbers=frozenset(
            {
                "http.request_content_length",
                "http.read_bytes",
                "http.wrote_bytes",
                "message.uncompressed_size",
                "net.peer.port",
                "net.host.port",
            }
        ),
    ),
)
