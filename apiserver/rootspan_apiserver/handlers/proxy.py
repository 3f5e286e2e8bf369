"""Requests for an API that another server serves, which are passed on to it with the identity of the user.

The path stays; credentials, identity headers and the trace context of the caller are left out, and the call has a CLIENT span whose context
it carries. Bodies are streamed in both directions. Connections are not upgraded (websockets): such a request is refused.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go,
staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go
"""

from asyncio import Event
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode

import anyio
import httpx

from rootspan_apiserver.clients.aggregated_services import AggregatedService, AggregatedServices
from rootspan_apiserver.clients.bounded_transport import BundleError
from rootspan_apiserver.clients.service_client import ServiceClients, identity_headers, service_url
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.http.request import ClientDisconnected, Request, request_of
from rootspan_apiserver.http.responses import Response, plain_text
from rootspan_apiserver.kube.asgi import Receive, Scope, Send
from rootspan_apiserver.kube.media_types import TEXT

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers of one connection. In requests `transfer-encoding` is set again where the body has no length."""
_KEPT_FROM_SERVER = frozenset(
    {
        b"authorization",
        b"host",
        b"audit-id",
        b"traceparent",
        b"tracestate",
        b"baggage",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-forwarded-uri",
    }
)
_PREFIXES = (b"x-remote-", b"impersonate-")
_UNAVAILABLE = plain_text("service unavailable\n", 503)
_NO_UPGRADE = plain_text("connections to aggregated APIs are not upgraded\n", 503)
_REDIRECTED = Response(
    status=502,
    body=b"the backend attempted to redirect this request, which is not permitted",
    content_type=TEXT,
)


class AggregationProxy:
    """Passes requests on to the servers of `services`. `stopping` ends the responses that last, such as watches."""

    def __init__(self, services: AggregatedServices, clients: ServiceClients, stopping: Event) -> None:
        self._services = services
        self._clients = clients
        self._stopping = stopping

    def matches(self, scope: Scope) -> bool:
        """Return whether another server serves the path."""
        return self._services.serving(scope["path"]) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, service = request_of(scope), self._services.serving(scope["path"])
        request.watch_initialized()
        if service is None or not service.available:
            await _UNAVAILABLE.send(request, send)
            return
        if "upgrade" in request.header(b"connection").lower():
            await _NO_UPGRADE.send(request, send)
            return
        try:
            answered = await self._clients.traced(service).handle_async_request(_passed_on(request, service))
        except (CallError, BundleError, OSError) as error:
            await plain_text(f"{error}\n", 503).send(request, send)
            return
        try:
            if 300 <= answered.status_code < 400 and "location" in answered.headers:
                await _REDIRECTED.send(request, send)
            else:
                await self._pass_back(request, answered, send)
        finally:
            await answered.aclose()

    async def _pass_back(self, request: Request, answered: httpx.Response, send: Send) -> None:
        headers = [(name.lower(), value) for name, value in answered.headers.raw if name.lower() not in HOP_BY_HOP]
        await send({"type": "http.response.start", "status": answered.status_code, "headers": headers})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_on_disconnect, request, tasks.cancel_scope)
            tasks.start_soon(_cancel_on_stop, self._stopping, tasks.cancel_scope)
            async for part in answered.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            tasks.cancel_scope.cancel()


async def _cancel_on_disconnect(request: Request, scope: anyio.CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _cancel_on_stop(stopping: Event, scope: anyio.CancelScope) -> None:
    await stopping.wait()
    scope.cancel()


class _Body(httpx.AsyncByteStream):
    """The body of a request as it arrives."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            more = message.get("more_body", False)
            if part := message.get("body", b""):
                yield part


def _passed_on(request: Request, service: AggregatedService) -> httpx.Request:
    """Return the request as the other server gets it."""
    query = urlencode(sorted(parse_qsl(_query(request), keep_blank_values=True), key=lambda pair: pair[0]))
    url = service_url(service, request.path, query)
    given = [(name, value) for name, value in request.scope["headers"] if _is_passed_on(name)]
    forwarded = [request.header(b"x-forwarded-for"), (request.scope.get("client") or ("",))[0]]
    added = [
        ("Host", f"{service.host}:{service.port}"),
        ("Audit-Id", request.audit_id),
        ("X-Forwarded-For", ", ".join(filter(None, forwarded))),
        ("X-Forwarded-Host", f"{service.host}:{service.port}"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Uri", url.raw_path.partition(b"?")[0].decode("ascii")),
        *identity_headers(request.user),
    ]
    headers = [*given, *((name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in added)]
    has_length = any(name == b"content-length" for name, _ in given)
    if request.header(b"transfer-encoding") and not has_length:
        headers.append((b"Transfer-Encoding", b"chunked"))
    elif not has_length:
        return httpx.Request(request.method, url, headers=headers)
    return httpx.Request(request.method, url, headers=headers, stream=_Body(request))


def _query(request: Request) -> str:
    raw: bytes = request.scope.get("query_string", b"")
    return raw.decode("latin-1")


def _is_passed_on(name: bytes) -> bool:
    return name not in HOP_BY_HOP and name not in _KEPT_FROM_SERVER and not name.startswith(_PREFIXES)
