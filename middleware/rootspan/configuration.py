"""The arguments of `create_tracer_provider`, checked at construction: where spans are sent, and how many are sampled."""

from dataclasses import dataclass

from rootspan.endpoint import Endpoint, EndpointError

SAMPLES_OF_A_MILLION = 1_000_000


class ConfigurationError(ValueError):
    """A tracing configuration that cannot be used. The message is a sentence for its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingConfiguration:
    """What of tracing is an application's to choose. A field that is None leaves the choice to OpenTelemetry's variables.

    Attributes:
        service_name: Who sends the spans; else `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`.
        endpoint: The collector: `http://host:4317` in plain text, `https://host` with TLS, `host:4317`, `dns:///host:4317`,
            `unix:///path`; else `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT`, `localhost:4317`.
        sampling_rate_per_million: How many of a million new traces are recorded; 0 exports nothing. Else
            `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`, and without these every trace.
        insecure: Whether an endpoint without `http://` or `https://` is reached in plain text. Else `OTEL_EXPORTER_OTLP_INSECURE`,
            and without it only a collector on this host is.

    Raises:
        ConfigurationError: A value is of a wrong type or out of its range, or `insecure` contradicts the endpoint's scheme.
    """

    service_name: str | None = None
    endpoint: str | None = None
    sampling_rate_per_million: int | None = None
    insecure: bool | None = None

    def __post_init__(self) -> None:
        name, rate = self.service_name, self.sampling_rate_per_million
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise ConfigurationError(f"service_name must be a text that is not empty, not {name!r}")
        if rate is not None and (type(rate) is not int or not 0 <= rate <= SAMPLES_OF_A_MILLION):
            raise ConfigurationError(
                f"sampling_rate_per_million must be a whole number from 0 to {SAMPLES_OF_A_MILLION:,}, not {rate!r}"
            )
        if self.insecure is not None and not isinstance(self.insecure, bool):
            raise ConfigurationError(f"insecure must be True or False, not {self.insecure!r}")
        if self.endpoint is not None:
            self._check_endpoint(self.endpoint)

    def _check_endpoint(self, text: str) -> None:
        try:
            scheme = Endpoint.parse(text).scheme
        except EndpointError as error:
            raise ConfigurationError(f"endpoint: {error}") from None
        if scheme == "https" and self.insecure:
            raise ConfigurationError("endpoint: https:// is TLS and contradicts insecure=True")
        if scheme == "http" and self.insecure is False:
            raise ConfigurationError("endpoint: http:// is plain text and contradicts insecure=False")
