"""The server's client of itself: requests that leave the process and come in again by the front door.

It is known by a random token that lives as long as the process, and by nothing else, so that its trace may be continued while nobody
else's is. The certificate it trusts is the very one the server presents: it need not name the address the client connects to.
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
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error, unavailable

USER_AGENT = "kube-apiserver/v1.36.2 (linux/amd64) kubernetes"
TIMEOUT = 34.0
"""Seconds for one request: as long as the server gives a write to its store."""


@dataclass(frozen=True, slots=True)
class LoopbackEndpoint:
    """Where the server listens, as its own clients reach it. `certificate` is the PEM of what it presents."""

    host: str
    port: int
    certificate: bytes
    token: str


class LoopbackClient:
    """Takes and gives JSON objects; raises StatusError as the server answered it.

    It can be passed around before the server listens, and is told where that is by `connect`. `client_spans` makes the spans of its
    calls, and of those to webhooks.
    """

    def __init__(
        self, tracer_provider: TracerProvider, client_spans: type[AsyncTracingTransport] = DEFAULT.http_client
    ) -> None:
        self.token = secrets.token_urlsafe(32)
        self.client_spans = client_spans
        self._tracer_provider = tracer_provider
        self._endpoint: LoopbackEndpoint | None = None
        self._plain: httpx.AsyncHTTPTransport | None = None
        self._traced: httpx.AsyncBaseTransport | None = None

    def connect(self, host: str, port: int, certificate: bytes) -> None:
        """The server listens at `host`:`port`, any address of the machine, and presents `certificate` (PEM, a chain may follow)."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
        self._endpoint = LoopbackEndpoint(host, port, certificate, self.token)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=60)
        self._plain = httpx.AsyncHTTPTransport(verify=pinned(certificate), trust_env=False, limits=limits)
        self._traced = self.client_spans(self._plain, tracer_provider=self._tracer_provider)

    async def aclose(self) -> None:
        if self._traced is not None:
            await self._traced.aclose()

    def endpoint(self) -> LoopbackEndpoint:
        """Raises StatusError, 503, before `connect`."""
        if self._endpoint is None:
            raise unavailable("the server does not listen yet")
        return self._endpoint

    def continuation(self, otherwise: Continuation) -> ContinuationOf:
        """For the tracing middleware: continue this client's traces, do `otherwise` with everybody else's."""
        expected = f"Bearer {self.token}".encode()

        def decide(scope: Scope) -> Continuation:
            for name, value in scope["headers"]:
                if name == b"authorization":
                    return Continuation.CONTINUE if hmac.compare_digest(value, expected) else otherwise
            return otherwise

        return decide

    async def get(self, path: APIPath) -> JSONObject:
        return await self.request("GET", path)

    async def create(self, path: APIPath, obj: Mapping[str, Any]) -> JSONObject:
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
    ) -> JSONObject:
        """One request, with a CLIENT span under the current one unless not `traced`.

        Raises:
            StatusError: what the server answered, or 500 if it did not.
        """
        endpoint = self.endpoint()
        transport = self._traced if traced else self._plain
        assert transport is not None
        request = _request(endpoint, method, path, body, content_type, agent)
        try:
            response = await transport.handle_async_request(request)
            await response.aread()
        except httpx.TransportError as exc:
            told = call_error(exc, endpoint.host, endpoint.port, endpoint.host)
            raise internal_error(f'{method.title()} "{request.url}": {told}') from exc
        return _object(response)


def pinned(certificate: bytes) -> ssl.SSLContext:
    """TLS for a client that accepts this certificate and no other."""
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
    content_type: str,
    agent: str,
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
        headers=headers,
        content=None if body is None else orjson.dumps(body),
        extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)},
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
