"""The HTTP transport to one webhook: TLS, persistent connections, and limits on the time and size of a response.

The transport reads the whole response before it returns, so that one deadline bounds connecting, sending, waiting and reading. Errors have
the messages of Go's net/http, which kube-apiserver passes on to its clients.
"""

import asyncio
import ssl
from collections.abc import Callable

import httpx

from rootspan_apiserver.clients.go_errors import call_error, deadline_exceeded
from rootspan_apiserver.dialects.http_client import CallError

RESPONSE_LIMIT = 8 << 20
"""Bytes of a response after decompression. A patch is base64 and rewrites at most an object, which is limited to 1.5 MiB."""
IDLE_SECONDS = 4.0
"""How long an idle connection is kept: less than the five seconds after which common servers close it."""


class BundleError(ValueError):
    """The caBundle does not contain a certificate."""


def client_context(ca_bundle: bytes) -> ssl.SSLContext:
    """Return TLS settings of a client that trusts the PEM certificates in `ca_bundle`, or the system's if it is empty.

    As in Go, each certificate of the bundle is a trust anchor, also one that is not self-signed.

    Raises:
        BundleError: the bundle does not contain a certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not ca_bundle:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cadata=ca_bundle.decode("ascii"))
    except (ssl.SSLError, ValueError) as exc:
        raise BundleError("unable to load root certificates: unable to parse bytes as PEM block") from exc
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class BoundedTransport(httpx.AsyncBaseTransport):
    """Connects to the (host, port) that `address` returns, or to the address in the URL if it returns None.

    The certificate is verified for `server_name`. A `proxy` (its URL) may be between. The
    extension `deadline` of a request is its timeout in seconds.

    Raises:
        CallError: for every failure; `address` may raise it, too.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        address: Callable[[], tuple[str, int] | None],
        server_name: str,
        *,
        proxy: str | None = None,
    ) -> None:
        self._inner = httpx.AsyncHTTPTransport(
            verify=tls,
            trust_env=False,
            proxy=proxy,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=IDLE_SECONDS),
        )
        self._address = address
        self._server_name = server_name

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        host, port = self._address() or (url.host, url.port or 443)
        inner = httpx.Request(
            request.method,
            url.copy_with(host=host, port=port),
            headers=request.headers,
            stream=request.stream,
            extensions={"sni_hostname": self._server_name},
        )
        try:
            async with asyncio.timeout(request.extensions["deadline"]):
                response = await self._inner.handle_async_request(inner)
                try:
                    return await _read(response)
                finally:
                    await response.aclose()
        except CallError:
            raise
        except TimeoutError as exc:
            raise deadline_exceeded() from exc
        except (httpx.RequestError, OSError) as exc:
            raise call_error(exc, host, port, self._server_name) from exc

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _read(response: httpx.Response) -> httpx.Response:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > RESPONSE_LIMIT:
            raise CallError(f"response body is larger than {RESPONSE_LIMIT} bytes")
    content_type = response.headers.get("content-type", "")
    return httpx.Response(response.status_code, headers={"content-type": content_type}, content=bytes(body))
