"""The stock OTLP/HTTP exporter, of the extra `otlp-http`, kept from trusting or telling others than was asked for."""

from collections.abc import Mapping
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from rootspan.endpoint import Endpoint
from rootspan.tls import TLSFiles, path_of_system_roots


class _Session(requests.Session):
    """Follows no redirection, which could take the headers to another host or into plain text, and keeps to its own roots.

    No proxy of the environment is asked for a collector on this host, which would take the headers away from it.
    """

    def __init__(self, *, local: bool) -> None:
        super().__init__()
        self.max_redirects = 0
        self.trust_env = not local

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        # REQUESTS_CA_BUNDLE goes before the roots of a session, but not before those of a request.
        return super().merge_environment_settings(url, proxies, stream, self.verify if verify is None else verify, cert)


def http_exporter(
    url: str, tls: TLSFiles | None, headers: Mapping[str, str], timeout: float, gzip: bool
) -> OTLPSpanExporter:
    """Make the exporter; `timeout` is in seconds."""
    files = tls or TLSFiles()
    return OTLPSpanExporter(
        endpoint=url,
        certificate_file=(files.certificate or path_of_system_roots()) if tls else None,
        client_certificate_file=files.client_certificate or None,
        client_key_file=files.client_key or None,
        headers=headers,
        timeout=timeout,
        compression=Compression.Gzip if gzip else Compression.NoCompression,
        session=_Session(local=Endpoint.parse(url).is_local),
    )
