"""HTTP clients of webhooks: one for each client configuration, kept as long as a webhook uses it.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/client.go
"""

from collections.abc import Iterable
from functools import partial

import httpx
import orjson
from opentelemetry.trace import TracerProvider

from rootspan_apiserver.clients.bounded_transport import BoundedTransport, BundleError, client_context
from rootspan_apiserver.clients.http_errors import server_error
from rootspan_apiserver.clients.loopback import pinned
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.clients.webhook_client_config import WebhookClientConfig
from rootspan_apiserver.codec import yaml_body
from rootspan_apiserver.codec.json_body import load_object
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_url import URL, URLError, escape_path
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.client_metrics import ClientMetrics
from rootspan_apiserver.types.problems import NotDecodableError

HEADERS = {
    "User-Agent": "kube-apiserver-admission",
    "Accept": "application/json, */*",
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip",
}


class ClientConfigError(ValueError):
    """There can be no client with this configuration; the message is upstream's."""


class WebhookCallError(Exception):
    """A call got no JSON object for an answer; the message is client-go's, `code` the status that stands for it."""

    def __init__(self, message: str, code: int = 503) -> None:
        super().__init__(message)
        self.code = code


class WebhookClients:
    """The clients of all webhooks of one purpose: mutating, validating, or conversion."""

    def __init__(self, services: ServiceResolver, tracer_provider: TracerProvider) -> None:
        self._services = services
        self._tracer_provider = tracer_provider
        self._clients: dict[WebhookClientConfig, WebhookClient] = {}

    def prepare(self, config: WebhookClientConfig) -> "WebhookClient":
        """Return the client for a configuration, opening it if necessary.

        Raises:
            ClientConfigError: the client configuration is not usable.
        """
        client = self._clients.get(config)
        if client is None:
            try:
                client = self._clients[config] = self._open(config)
            except (BundleError, StatusError, URLError, UnicodeError, httpx.InvalidURL) as exc:
                raise ClientConfigError(str(exc)) from exc
        return client

    async def keep(self, used: Iterable[WebhookClientConfig]) -> None:
        """Close the clients that are not in `used` and have no request in flight."""
        wanted = set(used)
        for config, client in list(self._clients.items()):
            if config not in wanted and not client.in_flight:
                del self._clients[config]
                await client.aclose()

    async def aclose(self) -> None:
        """Close all clients."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    def _open(self, config: WebhookClientConfig) -> "WebhookClient":
        target, loopback = config.target(), self._services.loopback
        if self._services.is_loopback(config):
            # Without the server's own credentials: the path is chosen by the author of the webhook configuration.
            endpoint = loopback.endpoint()
            wire = BoundedTransport(pinned(endpoint.certificate), lambda: (endpoint.host, endpoint.port), endpoint.host)
        else:
            tls = client_context(config.ca_bundle)
            wire = BoundedTransport(tls, partial(self._services.address, config), target.hostname)
        transport = loopback.client_spans(wire, tracer_provider=self._tracer_provider)
        return WebhookClient(target, transport, loopback.metrics)


class WebhookClient:
    """The connections to one webhook. `in_flight` is the number of calls that wait for an answer."""

    def __init__(self, target: URL, transport: httpx.AsyncBaseTransport, metrics: ClientMetrics) -> None:
        self._host = target.host
        self._metrics = metrics
        self._url = f"{target.scheme}://{target.host}{escape_path(target.path)}"
        self._parsed = httpx.URL(self._url)
        self._headers = {"Host": _host_header(target, self._parsed)} | HEADERS
        self._transport = transport
        self.in_flight = 0

    async def call(self, body: bytes, *, seconds: float, query: str = "") -> JSONObject:
        """POST `body` and return the JSON object in the response, within so many seconds.

        Raises:
            WebhookCallError: there is no response, or it is not a JSON object.
        """
        url, parsed = self._url, self._parsed
        if query:
            url, parsed = f"{url}?{query}", parsed.copy_with(query=query.encode())
        request = httpx.Request(
            "POST",
            parsed,
            headers=self._headers,
            content=body,
            extensions={"deadline": seconds, "url": url},
        )
        self.in_flight += 1
        try:
            with self._metrics.request("POST", self._host, len(body)) as measured:
                response = await self._transport.handle_async_request(request)
                measured.answered(response.status_code, len(response.content))
        except CallError as exc:
            raise WebhookCallError(f"Post {quote(url)}: {exc}") from exc
        finally:
            self.in_flight -= 1
        try:
            return _decoded(response)
        except ValueError as exc:
            code = response.status_code
            raise WebhookCallError(str(exc), 503 if 200 <= code <= 206 else code) from exc

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def _host_header(target: URL, parsed: httpx.URL) -> str:
    """Return the configured host in ASCII. Raises UnicodeError for an invalid IDNA name (`xn--`)."""
    if parsed.host.isascii():
        return target.host
    return parsed.raw_host.decode("ascii") + target.host.removeprefix(target.hostname)


def _decoded(response: httpx.Response) -> JSONObject:
    code, content_type, content = response.status_code, response.headers["content-type"], response.content
    if not 200 <= code <= 206:
        raise ValueError(server_error(code, content_type, content))
    if not content:
        raise ValueError(f"0-length response with status code: {code} and content type: {content_type}")
    try:
        if not content.lstrip().startswith(b"{"):
            # What does not look like JSON is YAML for kube-apiserver's decoder, to which the page of a proxy is a string.
            content = orjson.dumps(yaml_body.load(content)[0])
        return load_object(content, duplicates=False)
    except NotDecodableError as exc:
        raise ValueError(str(exc)) from exc
