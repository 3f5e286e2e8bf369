"""The OTLP/gRPC exporter as kube-apiserver sets it up: in plain text, with OpenTelemetry's environment variables.

The variables mean what the specification and opentelemetry-go say, which is not always what the Python exporter makes
of them: times are in milliseconds, the scheme of an endpoint is not passed to gRPC and does not turn TLS on, a
certificate does. A value that cannot be used is reported and ignored. As in Go, and unlike elsewhere in gRPC, a proxy
that the environment names is not asked for a collector on this host.
"""

import ipaddress
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from opentelemetry.sdk.trace.export import SpanExporter

from rootspan.batching import BatchLimits

_logger = logging.getLogger(__name__)
_DEFAULT_TARGET = "localhost:4317"
_PAST_THE_PROXY: Any = (("grpc.enable_http_proxy", 0),)
_FORK_SUPPORT = "GRPC_ENABLE_FORK_SUPPORT"
_TLS_VARIABLES = ("CERTIFICATE", "CLIENT_CERTIFICATE")


@dataclass(frozen=True, slots=True)
class OTLPSettings:
    """Where spans are sent, and how.

    `target` is gRPC's name of the collector, `headers` go with every export, `timeout` is in seconds, `gzip`
    compresses. `insecure` is plain text; otherwise TLS with the certificates the environment names.
    """

    target: str
    headers: Mapping[str, str]
    timeout: float
    gzip: bool
    insecure: bool

    @classmethod
    def of(cls, endpoint: str | None, environment: Mapping[str, str] = os.environ) -> "OTLPSettings":
        """Settle on an explicit `endpoint`, then `OTEL_EXPORTER_OTLP_TRACES_*`, then `OTEL_EXPORTER_OTLP_*`."""

        def variable(name: str) -> str:
            specific = environment.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}", "").strip()
            return specific or environment.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()

        timeout = _milliseconds(variable("TIMEOUT"), "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000)
        whole_export = _milliseconds(environment.get("OTEL_BSP_EXPORT_TIMEOUT", ""), "OTEL_BSP_EXPORT_TIMEOUT", 30_000)
        return cls(
            target=_target(endpoint) if endpoint else _target_of_url(variable("ENDPOINT")),
            headers=_headers(variable("HEADERS")),
            timeout=min(timeout, whole_export) / 1000,
            gzip=variable("COMPRESSION") == "gzip",
            insecure=not any(variable(name) for name in _TLS_VARIABLES),
        )

    def opener(self) -> Callable[[], SpanExporter]:
        """Load gRPC, which takes longer than all the rest, and return what makes the exporter of these settings."""
        if "grpc" not in sys.modules:
            os.environ.setdefault(_FORK_SUPPORT, "1")  # gRPC reads it once, when it is loaded
        from grpc import Compression

        from rootspan.otlp_exporter import FlaggedSpanExporter

        return partial(
            FlaggedSpanExporter,
            endpoint=self.target,
            insecure=self.insecure,
            headers=tuple(self.headers.items()),
            timeout=self.timeout,
            compression=Compression.Gzip if self.gzip else Compression.NoCompression,
            channel_options=_PAST_THE_PROXY if _is_loopback(self.target) else None,
        )


def batch_limits(environment: Mapping[str, str] = os.environ) -> BatchLimits:
    """The limits that the `OTEL_BSP_*` variables set."""
    defaults = BatchLimits()
    queue = _positive(environment, "OTEL_BSP_MAX_QUEUE_SIZE", defaults.max_queue_size)
    batch = _positive(environment, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", defaults.max_export_batch_size)
    delay = _positive(environment, "OTEL_BSP_SCHEDULE_DELAY", round(defaults.schedule_delay * 1000))
    return BatchLimits(queue, min(batch, queue), delay / 1000)


def grpc_survives_fork(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether gRPC was told to support a fork after it has been used. What loads gRPC here tells it to."""
    return environment.get(_FORK_SUPPORT, "").lower() in ("1", "true", "yes")


def _is_loopback(target: str) -> bool:
    host = target.lower().removeprefix("dns:").lstrip("/").rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _target(endpoint: str) -> str:
    scheme, separator, rest = endpoint.partition("://")
    return f"{scheme}:{rest}" if separator and scheme in ("unix", "unix-abstract") else endpoint


def _target_of_url(url: str) -> str:
    if not url:
        return _DEFAULT_TARGET
    return urlsplit(url).netloc if url.startswith(("http://", "https://")) else _target(url)


def _headers(listed: str) -> dict[str, str]:
    headers = {}
    for item in filter(None, listed.split(",")):
        name, equals, value = item.partition("=")
        if equals and name.strip():
            headers[unquote(name.strip()).lower()] = unquote(value.strip())
        else:
            _logger.warning("parse headers: an item of OTEL_EXPORTER_OTLP_HEADERS is not name=value and is ignored")
    return headers


def _milliseconds(text: str, name: str, default: int) -> int:
    return _positive({name: text}, name, default)


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if text:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if number > 0:
            return number
        _logger.warning("%s=%r is not a positive number, using %d", name, text, default)
    return default
