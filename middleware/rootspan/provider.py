"""The tracer provider a tracing configuration describes. It is returned, never made the global one.

All that may use `concurrent.futures.thread` is imported before a provider is made. The SDK's provider runs a thread pool in
the child of a fork; had that module been imported after the provider, its lock would still be held then, for ever.
"""

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from rootspan.batching import DeadlineBatchSpanProcessor
from rootspan.configuration import TracingConfiguration
from rootspan.ids import RootIdGenerator
from rootspan.otlp import OTLPSettings, batch_limits, grpc_survives_fork


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
    open_exporter = None if configuration is None else OTLPSettings.of(configuration.endpoint).opener()
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(rate / 1_000_000) if rate else ALWAYS_OFF),
        resource=Resource.create() if resource is None else resource,
        id_generator=RootIdGenerator(),
    )
    if open_exporter is not None:
        provider.add_span_processor(
            DeadlineBatchSpanProcessor(
                open_exporter,
                batch_limits(),
                shutdown_timeout=shutdown_timeout,
                survives_fork=grpc_survives_fork(),
            )
        )
    return provider
