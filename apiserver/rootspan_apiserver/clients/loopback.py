"""The loopback client: the server's requests to its own API, over the network.

The server knows it by a random token that lives as long as the process, and continues its traces only. The client trusts exactly the
certificate that the server presents, which need not name the address that the client connects to.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/serving_with_loopback.go
"""

import hmac
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from opentelemetry.trace import TracerProvider

from rootspan.continuation import Continuation, ContinuationOf, Scope
from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.go_errors import call_error
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.http_transport.connections import ConnectionsTransport
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error, unavailable
from rootspan_apiserver.telemetry.client_metrics import ClientMetrics

USER_AGENT = "kube-apiserver/v1.36.2 (linux/amd64) kubernetes"
TIMEOUT = 34.0
"""Seconds for one request: as long as the server gives a write to its store."""


@dataclass(frozen=True, slots=True)
class LoopbackEndpoint:
    """How clients in the process reach the server. `certificate` is what it presents, as PEM."""

    host: str
    port: int
    certificate: bytes
    token: str


class LoopbackClient:
    """Sends and returns JSON objects, and raises the server's StatusError.

    It can be passed on before the server listens; `connect` sets the address.

    Args:
        tracer_provider: Makes the spans of calls.
        client_spans: The transport that makes them, for the calls to webhooks too.
        metrics: Counts the calls, those to webhooks too.
        token: By which the server knows the client, shared by the processes of a server; a new one by default.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider,
        client_spans: type[AsyncTracingTransport] = DEFAULT.http_client,
        metrics: ClientMetrics | None = None,
        token: str = "",
    ) -> None:
        self.metrics = metrics or ClientMetrics()
        self.token = token or secrets.token_urlsafe(32)
        self.client_spans = client_spans
        self._tracer_provider = tracer_provider
        self._endpoint: LoopbackEndpoint | None = None
        self._plain: httpx.AsyncBaseTransport | None = None
        self._traced: httpx.AsyncBaseTransport | None = None

    def connect(self, host: str, port: int, certificate: bytes) -> None:
        """Set where the server listens, which can be any address of the machine, and its certificate (PEM, a chain may follow)."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
        self._endpoint = LoopbackEndpoint(host, port, certificate, self.token)
        self._plain = ConnectionsTransport(pinned(certificate), idle=8)
        self._traced = self.client_spans(self._plain, tracer_provider=self._tracer_provider)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._traced is not None:
            await self._traced.aclose()

    def endpoint(self) -> LoopbackEndpoint:
        """Return the server's endpoint. Raises StatusError 503 before `connect`."""
        if self._endpoint is None:
            raise unavailable("the server is not listening yet")
        return self._endpoint

    def continuation(self, otherwise: Continuation) -> ContinuationOf:
        """Return what the tracing middleware does with a trace: this client's are continued, all others are treated as `otherwise`."""
        expected = f"Bearer {self.token}".encode()

        def decide(scope: Scope) -> Continuation:
            for name, value in scope["headers"]:
                if name == b"authorization":
                    return Continuation.CONTINUE if hmac.compare_digest(value, expected) else otherwise
            return otherwise

        return decide

    async def get(self, path: APIPath) -> JSONObject:
        """Return one object. Raises StatusError."""
        return await self.request("GET", path)

    async def create(self, path: APIPath, obj: Mapping[str, Any]) -> JSONObject:
        """Create an object in a collection, and return it as stored. Raises StatusError."""
        return await self.request("POST", path, obj)

    async def request(
        self,
        method: str,
        path: APIPath,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        agent: str = USER_AGENT,
        traced: bool = True,
        query: Mapping[str, str] | None = None,
    ) -> JSONObject:
        """Send one request and return the object in the response.

        Args:
            method: The HTTP method.
            path: The object or the collection.
            body: The object to send.
            content_type: The media type of the body.
            agent: The value of the `User-Agent` header.
            traced: Whether the call has a CLIENT span under the current one.
            query: The parameters of the query.

        Raises:
            StatusError: The server answered it; 500 if there was no answer.
        """
        endpoint = self.endpoint()
        transport = self._traced if traced else self._plain
        assert transport is not None
        request = _request(endpoint, method, path, body, content_type=content_type, agent=agent, query=query)
        host = f"{endpoint.host}:{endpoint.port}"
        try:
            with self.metrics.request(method, host, len(request.content)) as measured:
                response = await transport.handle_async_request(request)
                measured.answered(response.status_code, len(await response.aread()))
        except httpx.TransportError as exc:
            error = call_error(exc, endpoint.host, endpoint.port, endpoint.host)
            raise internal_error(f'{method.title()} "{request.url}": {error}') from exc
        return _object(response)


def pinned(certificate: bytes) -> ssl.SSLContext:
    """Return the TLS context of a client that accepts this certificate and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    end = b"-----END CERTIFICATE-----"
    first = certificate.partition(end)[0] + end
    context.load_verify_locations(cadata=first.decode("ascii"))
    return context


def _request(
    endpoint: LoopbackEndpoint,
    method: str,
    path: APIPath,
    body: Mapping[str, Any] | None,
    *,
    content_type: str,
    agent: str,
    query: Mapping[str, str] | None,
) -> httpx.Request:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    headers = {
        "Authorization": f"Bearer {endpoint.token}",
        "User-Agent": agent,
        "Accept": "application/json",
    }
    if body is not None:
        headers["Content-Type"] = content_type
    return httpx.Request(
        method,
        f"https://{host}:{endpoint.port}{path}",
        params=query,
        headers=headers,
        content=None if body is None else orjson.dumps(body),
        extensions={"timeout": dict.fromkeys(("connect", "read"), TIMEOUT)},
    )


def _object(response: httpx.Response) -> JSONObject:
    try:
        obj: JSONObject = orjson.loads(response.content)
    except orjson.JSONDecodeError as exc:
        raise internal_error(f"the server answered {response.status_code} without an object") from exc
    if response.status_code >= 400:
        raise _status(obj, response.status_code)
    return obj


def _status(obj: JSONObject, code: int) -> StatusError:
    return StatusError(obj.get("code", code), obj.get("reason", ""), obj.get("message", ""), obj.get("details"))
