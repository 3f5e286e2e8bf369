"""Where spans are sent, and the exporter that sends them there."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from opentelemetry.sdk.trace.export import SpanExporter

from rootspan.endpoint import Endpoint, EndpointError
from rootspan.outage import OncePerOutage
from rootspan.tls import TLSFiles

_PAST_THE_PROXY: Final[Any] = (("grpc.enable_http_proxy", 0),)
FORK_SUPPORT = "GRPC_ENABLE_FORK_SUPPORT"
_GRPC_LOGGER = "opentelemetry.exporter.otlp.proto.grpc.exporter"
_HTTP_LOGGER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class MissingExporterError(Exception):
    """The package of the exporter for OTLP over HTTP is not installed."""


@dataclass(frozen=True, slots=True)
class OTLPSettings:
    """Where spans are sent, and how.

    Attributes:
        target: gRPC's name of the collector; over HTTP, the whole URL.
        headers: What goes with every export, by names in lower case.
        timeout: How long an export may take, with all its attempts, in seconds.
        gzip: Whether an export is compressed.
        tls: The certificates of a TLS connection; None is plain text.
        http: Whether OTLP is spoken over HTTP and not over gRPC.
    """

    target: str
    headers: Mapping[str, str]
    timeout: float
    gzip: bool
    tls: TLSFiles | None
    http: bool = False

    def opener(self) -> Callable[[], SpanExporter]:
        """Load what speaks the protocol, which takes longer than all the rest, and return what makes the exporter.

        Raises:
            CertificateFileError: A certificate cannot be used.
            MissingExporterError: OTLP over HTTP is asked for and not installed.
        """
        if self.tls is not None:
            self.tls.check()
        if self.http:
            return partial(OncePerOutage, self._http_opener(), _HTTP_LOGGER)
        return partial(OncePerOutage, self._grpc_opener(), _GRPC_LOGGER)

    def _grpc_opener(self) -> Callable[[], SpanExporter]:
        if "grpc" not in sys.modules:
            os.environ.setdefault(FORK_SUPPORT, "1")  # gRPC reads it once, when it is loaded
        from grpc import Compression, ssl_channel_credentials

        from rootspan.otlp_exporter import exporter_class, version_of_exporter

        credentials = None
        if self.tls is not None:
            key, chain = self.tls.client_pair() or (None, None)
            credentials = ssl_channel_credentials(self.tls.roots(), key, chain)
        return partial(
            exporter_class(version_of_exporter()),
            endpoint=self.target,
            insecure=self.tls is None,
            credentials=credentials,
            headers=tuple(self.headers.items()),
            timeout=self.timeout,
            compression=Compression.Gzip if self.gzip else Compression.NoCompression,
            # As in Go, and unlike elsewhere in gRPC, no proxy is asked for a collector on this host.
            channel_options=_PAST_THE_PROXY if _is_local(self.target) else None,
        )

    def _http_opener(self) -> Callable[[], SpanExporter]:
        try:
            from rootspan.otlp_http import http_exporter
        except ModuleNotFoundError as error:
            raise MissingExporterError from error
        return partial(
            http_exporter, self.target, tls=self.tls, headers=self.headers, timeout=self.timeout, gzip=self.gzip
        )


def _is_local(target: str) -> bool:
    try:
        return Endpoint.parse(target).is_local
    except EndpointError:
        return False
