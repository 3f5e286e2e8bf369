"""The tracer provider a tracing configuration describes. It is returned, never made the global one."""

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from rootspan.batching import DeadlineBatchSpanProcessor
from rootspan.configuration import TracingConfiguration
from rootspan.otlp import OTLPSettings, batch_limits
from rootspan.sampling import RootIdGenerator


def create_tracer_provider(
    configuration: TracingConfiguration | None = None,
    *,
    resource: Resource | None = None,
    shutdown_timeout: float = 2.0,
) -> TracerProvider:
    """Make the SDK tracer provider that kube-apiserver makes of `configuration`.

    New traces are sampled at the configured rate, children follow their parent. Sampled spans go to the collector over
    OTLP/gRPC, in batches, in a thread of their own: a collector that is away delays nothing but `shutdown`, and that by
    no more than `shutdown_timeout` seconds. Without a configuration nothing is exported, and contexts still propagate.

    `OTEL_EXPORTER_OTLP_*` and `OTEL_BSP_*` are read, but what the configuration says wins. `resource` is taken as it
    is; None means `Resource.create()`, so `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`.
    """
    rate = (configuration and configuration.sampling_rate_per_million) or 0
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(rate / 1_000_000) if rate else ALWAYS_OFF),
        resource=Resource.create() if resource is None else resource,
        id_generator=RootIdGenerator(),
    )
    if configuration is not None:
        settings = OTLPSettings.of(configuration.endpoint)
        provider.add_span_processor(
            DeadlineBatchSpanProcessor(settings.open, batch_limits(), shutdown_timeout=shutdown_timeout)
        )
    return provider
