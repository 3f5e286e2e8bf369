"""Tracer providers that export over OTLP. They are returned, never made the global one.

All that may use `concurrent.futures.thread` is imported before a provider is made. The SDK's provider runs a thread pool in
the child of a fork; had that module been imported after the provider, its lock would still be held then, for ever.
"""

import logging

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased

from rootspan.batching import DeadlineBatchSpanProcessor
from rootspan.configuration import SAMPLES_OF_A_MILLION, ConfigurationError, TracingConfiguration
from rootspan.ids import RootIdGenerator
from rootspan.otlp import MissingExporterError, OTLPSettings
from rootspan.otlp_environment import batch_limits, grpc_survives_fork, settings
from rootspan.tls import CertificateFileError

_logger = logging.getLogger(__name__)


def create_tracer_provider(
    configuration: TracingConfiguration | None = None,
    *,
    service_name: str | None = None,
    endpoint: str | None = None,
    sampling_rate_per_million: int | None = None,
    insecure: bool | None = None,
    resource: Resource | None = None,
    shutdown_timeout: float = 2.0,
) -> TracerProvider:
    """Make an SDK tracer provider that samples new traces at a rate and exports them over OTLP.

    Children follow their parent. Sampled spans go to the collector in batches, in a thread of their own: a collector that is
    away delays nothing but `shutdown`, and that by no more than `shutdown_timeout` seconds.

    A rate of 0 exports nothing: no exporter is loaded, no thread is started, no variable of an exporter is read, and contexts still
    propagate. (`OTEL_TRACES_SAMPLER=parentbased_always_off` without a rate exports what callers have sampled whom you trust.)

    Args:
        configuration: The next four arguments in one value; give it or them.
        service_name, endpoint, sampling_rate_per_million, insecure: See `TracingConfiguration`. They go before the environment.
        resource: Who sends the spans, taken as it is, but for a service name given beside it. None means `Resource.create()`.
        shutdown_timeout: In seconds.

    Raises:
        ConfigurationError: An argument or a variable of the environment cannot be used.
        TypeError: A configuration and one of its fields are given.
    """
    configuration = _one_of(
        configuration,
        service_name=service_name,
        endpoint=endpoint,
        sampling_rate_per_million=sampling_rate_per_million,
        insecure=insecure,
    )
    rate = configuration.sampling_rate_per_million
    exporting = None if rate == 0 else settings(configuration.endpoint, configuration.insecure)
    of_service = _resource(resource, configuration.service_name)
    if exporting is not None and _is_nameless(of_service):
        _logger.warning(
            "traces export: spans are sent without a service name: give create_tracer_provider a service_name, or set OTEL_SERVICE_NAME"
        )
    return provider_of(exporting, sampler_of(rate), of_service, shutdown_timeout)


def sampler_of(rate_per_million: int | None) -> Sampler | None:
    """Return what samples new traces at this rate and children as their parent; None, for the environment's, without a rate."""
    if rate_per_million is None:
        return None
    if rate_per_million == 0:
        return ParentBased(ALWAYS_OFF)
    return ParentBased(TraceIdRatioBased(rate_per_million / SAMPLES_OF_A_MILLION))


def provider_of(
    exporting: OTLPSettings | None, sampler: Sampler | None, resource: Resource, shutdown_timeout: float = 2.0
) -> TracerProvider:
    """Make a provider of parts. Without settings it exports nothing; without a sampler it has that of the environment.

    Raises:
        ConfigurationError: The settings name a certificate that cannot be used, or an exporter that is not installed.
    """
    if isinstance(shutdown_timeout, bool) or not isinstance(shutdown_timeout, int | float) or not shutdown_timeout >= 0:
        raise ConfigurationError(f"shutdown_timeout must be a number of seconds, 0 or more, not {shutdown_timeout!r}")
    open_exporter = None
    if exporting is not None:
        try:
            open_exporter = exporting.opener()
        except CertificateFileError as error:
            raise ConfigurationError(f"TLS of the OTLP exporter: {error}") from error
        except MissingExporterError as error:
            raise ConfigurationError(
                "the protocol http/protobuf needs an exporter of its own: pip install 'rootspan[otlp-http]'"
            ) from error
    provider = TracerProvider(sampler=sampler, resource=resource, id_generator=RootIdGenerator())
    if exporting is not None and open_exporter is not None:
        provider.add_span_processor(
            DeadlineBatchSpanProcessor(
                open_exporter,
                batch_limits(),
                shutdown_timeout=shutdown_timeout,
                survives_fork=exporting.http or grpc_survives_fork(),
            )
        )
    return provider


def _one_of(configuration: TracingConfiguration | None, **fields: object) -> TracingConfiguration:
    if configuration is None:
        return TracingConfiguration(**fields)  # type: ignore[arg-type]  # each is the field of its name
    if not isinstance(configuration, TracingConfiguration):
        raise TypeError(f"configuration must be a TracingConfiguration, not {type(configuration).__name__}")
    given = [name for name, value in fields.items() if value is not None]
    if given:
        raise TypeError(f"create_tracer_provider takes a configuration or {', '.join(given)}, not both")
    return configuration


def _resource(resource: Resource | None, service_name: str | None) -> Resource:
    named = {} if service_name is None else {SERVICE_NAME: service_name}
    return Resource.create(named) if resource is None else resource.merge(Resource(named)) if named else resource


def _is_nameless(resource: Resource) -> bool:
    name = resource.attributes.get(SERVICE_NAME)
    return not name or str(name).startswith("unknown_service")
