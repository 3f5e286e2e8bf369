"""HTTP connections to the servers of aggregated APIs, which stream requests and responses.

The server presents the certificate of --proxy-client-cert-file, by which an API server recognises the aggregator in front of it.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go (BuildTransportConfig)
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from opentelemetry.trace import TracerProvider

from rootspan_apiserver.clients.aggregated_services import AggregatedService
from rootspan_apiserver.clients.bounded_transport import IDLE_SECONDS, client_context
from rootspan_apiserver.clients.go_errors import call_error
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_url import escape_path
from rootspan_apiserver.kube.users import User


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The files of a client certificate and its key; "" for none."""

    certificate_file: str = ""
    key_file: str = ""


class ServiceTransport(httpx.AsyncBaseTransport):
    """Connects to where a Service is, and verifies the certificate for its name.

    Raises:
        CallError: for every failure, in the words of Go's net/http.
    """

    def __init__(self, tls: ssl.SSLContext, services: ServiceResolver, service: AggregatedService) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=IDLE_SECONDS)
        self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits)
        self._services = services
        self._service = service

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = self._service
        host, port = await self._services.locate(service.namespace, service.name, service.port)
        inner = httpx.Request(
            request.method,
            request.url.copy_with(host=host, port=port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": service.host},
        )
        try:
            return await self._inner.handle_async_request(inner)
        except (httpx.RequestError, OSError) as exc:
            raise call_error(exc, host, port, service.host) from exc

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(slots=True)
class ServiceClients:
    """The connections to all aggregated servers, opened when first used."""

    services: ServiceResolver
    loopback: LoopbackClient
    tracer_provider: TracerProvider
    certificate: ClientCertificate = field(default_factory=ClientCertificate)
    _plain: dict[object, ServiceTransport] = field(default_factory=dict)

    def plain(self, service: AggregatedService) -> httpx.AsyncBaseTransport:
        """Return what sends requests without spans. Raises BundleError or OSError where the certificates cannot be read."""
        key = (service.namespace, service.name, service.port, service.ca_bundle, service.insecure)
        found = self._plain.get(key)
        if found is None:
            found = self._plain[key] = ServiceTransport(self._tls(service), self.services, service)
        return found

    def traced(self, service: AggregatedService) -> httpx.AsyncBaseTransport:
        """Return what sends requests with a CLIENT span, whose context they carry. Raises BundleError or OSError."""
        return self.loopback.client_spans(self.plain(service), tracer_provider=self.tracer_provider)

    def _tls(self, service: AggregatedService) -> ssl.SSLContext:
        context = client_context(service.ca_bundle)
        if service.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate.certificate_file:
            context.load_cert_chain(self.certificate.certificate_file, self.certificate.key_file)
        return context

    async def aclose(self) -> None:
        """Close all connections."""
        while self._plain:
            await self._plain.popitem()[1].aclose()


def service_url(service: AggregatedService, path: str, query: str = "") -> httpx.URL:
    """Return the URL of a path, which is decoded, at the server of an APIService."""
    raw = escape_path(path) + (f"?{query}" if query else "")
    return httpx.URL(scheme="https", host=service.host, port=service.port, raw_path=raw.encode())


def identity_headers(user: User) -> Sequence[tuple[str, str]]:
    """Return the headers by which the server of an API learns who makes a request."""
    found = [("X-Remote-User", user.name)]
    if user.uid:
        found.append(("X-Remote-Uid", user.uid))
    found += [("X-Remote-Group", group) for group in user.groups]
    for key, values in _sorted(user.extra).items():
        found += [(f"X-Remote-Extra-{_header_key(key)}", value) for value in values]
    return found


def _sorted(extra: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    return {key: extra[key] for key in sorted(extra)}


def _header_key(key: str) -> str:
    """Return a key of `extra` as a part of the name of a header: everything but token characters is escaped, and `%` too."""
    token = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&'*+-.^_`|~")
    return "".join(chr(byte) if byte in token else f"%{byte:02X}" for byte in key.encode())


__all__ = ["CallError", "ClientCertificate", "ServiceClients", "identity_headers", "service_url"]
