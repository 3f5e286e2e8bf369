"""kube-apiserver's tracing configuration file: read, then validated, with its own rules and messages.

The errors are `rootspan.ConfigurationError`, with kube-apiserver's message whole.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/tracing.go.
"""

from dataclasses import dataclass
from os import PathLike, fspath, strerror
from pathlib import Path
from typing import Self

from rootspan import ConfigurationError
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.telemetry.grpc_endpoint import endpoint_fault
from rootspan_apiserver.telemetry.manifest import ManifestError, decode

_VERSIONS = frozenset(f"apiserver.config.k8s.io/{version}" for version in ("v1alpha1", "v1beta1", "v1"))
_SAMPLES_OF_A_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TracingConfiguration:
    """Where spans go and how many of them.

    `endpoint` is the gRPC target of an OTLP collector (`host:port`, `dns:///host:port`, `unix:///path`), reached in
    plain text; None leaves the choice to the environment, then localhost:4317.
    `sampling_rate_per_million` of all traces that start here are sampled; None, like 0, is none of them.

    Raises `ConfigurationError` if a value is out of its range.
    """

    endpoint: str | None = None
    sampling_rate_per_million: int | None = None

    def __post_init__(self) -> None:
        faults = [fault for fault in (self._rate_fault(), self._endpoint_fault()) if fault]
        if faults:
            listed = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
            raise ConfigurationError(f"failed to validate tracing configuration: {listed}")

    @classmethod
    def read(cls, path: str | PathLike[str], *, strict: bool = True) -> Self:
        """Read a `TracingConfiguration` manifest (`apiserver.config.k8s.io/v1alpha1`, `v1beta1` or `v1`; YAML or JSON).

        `strict` refuses unknown and duplicate fields, as Kubernetes does from 1.32 on.
        Raises `ConfigurationError` for a file that cannot be read, decoded or used.
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

    def _rate_fault(self) -> str | None:
        rate = self.sampling_rate_per_million
        if rate is None or 0 <= rate <= _SAMPLES_OF_A_MILLION:
            return None
        if rate < 0:
            return f"samplingRatePerMillion: Invalid value: {rate}: sampling rate must be positive"
        return (
            f"samplingRatePerMillion: Invalid value: {rate}: "
            "sampling rate per million must be less than or equal to one million"
        )

    def _endpoint_fault(self) -> str | None:
        return None if self.endpoint is None else endpoint_fault(self.endpoint)


def _operation(error: Exception) -> str:
    return "read" if isinstance(error, IsADirectoryError) else "open"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return strerror(error.errno).lower()
    return "invalid argument"
