"""The file of `--tracing-config-file`: read, decoded and validated.

Errors are `rootspan.ConfigurationError` with the whole message of kube-apiserver.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/tracing.go, staging/src/k8s.io/component-base/tracing/api/v1/config.go
"""

from dataclasses import dataclass
from os import PathLike, fspath, strerror
from pathlib import Path
from typing import Self

from rootspan import ConfigurationError
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.telemetry.grpc_endpoint import endpoint_error
from rootspan_apiserver.telemetry.manifest import ManifestError, decode

_VERSIONS = frozenset(f"apiserver.config.k8s.io/{version}" for version in ("v1alpha1", "v1beta1", "v1"))
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TracingConfiguration:
    """Where spans are sent and how many traces are sampled.

    Attributes:
        endpoint: The gRPC target of an OTLP collector (`host:port`, `dns:///host:port`, `unix:///path`), reached in plain text. None
            leaves the choice to the environment; the default there is localhost:4317.
        sampling_rate_per_million: How many of a million traces that start here are sampled. None is 0.

    Raises:
        ConfigurationError: A value is out of its range.
    """

    endpoint: str | None = None
    sampling_rate_per_million: int | None = None

    def __post_init__(self) -> None:
        errors = [error for error in (self._rate_error(), self._endpoint_error()) if error]
        if errors:
            listed = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
            raise ConfigurationError(f"failed to validate tracing configuration: {listed}")

    @classmethod
    def read(cls, path: str | PathLike[str], *, strict: bool = True) -> Self:
        """Read a `TracingConfiguration` manifest (`apiserver.config.k8s.io/v1alpha1`, `v1beta1` or `v1`; YAML or JSON).

        Args:
            path: The file.
            strict: Whether unknown and duplicate fields are errors, as they are since Kubernetes 1.32.

        Raises:
            ConfigurationError: The file cannot be read or decoded, or its values are not valid.
        """
        name = fspath(path)
        if not name:
            raise ConfigurationError("failed to read tracing config: tracing config file was empty")
        try:
            data = Path(name).read_bytes()
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"failed to read tracing config: unable to read tracing configuration from {quote(name)}: "
                f"{_operation(error)} {name}: {_reason(error)}"
            ) from error
        try:
            fields = decode(
                data,
                kind="TracingConfiguration",
                versions=_VERSIONS,
                fields={"endpoint": "string", "samplingRatePerMillion": "int32"},
                strict=strict,
            )
        except ManifestError as error:
            raise ConfigurationError(
                f"failed to read tracing config: unable to decode tracing configuration data: {error}"
            ) from error
        return cls(fields.get("endpoint"), fields.get("samplingRatePerMillion"))

    def _rate_error(self) -> str | None:
        rate = self.sampling_rate_per_million
        if rate is None or 0 <= rate <= _MILLION:
            return None
        if rate < 0:
            return f"samplingRatePerMillion: Invalid value: {rate}: sampling rate must be positive"
        return (
            f"samplingRatePerMillion: Invalid value: {rate}: "
            "sampling rate per million must be less than or equal to one million"
        )

    def _endpoint_error(self) -> str | None:
        return None if self.endpoint is None else endpoint_error(self.endpoint)


def _operation(error: Exception) -> str:
    return "read" if isinstance(error, IsADirectoryError) else "open"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return strerror(error.errno).lower()
    return "invalid argument"
