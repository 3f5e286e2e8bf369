"""The wire to one webhook: TLS, connections kept open, and a bound on everything the other side may do.

The transport reads the whole answer before it returns, so that one deadline holds for connecting, sending, waiting and reading. What goes
wrong is told in Go's words, as the real server's users know them.
"""

import asyncio
import ssl
from collections.abc import Callable

import httpx

from rootspan_apiserver.clients.go_errors import call_error, deadline_exceeded
from rootspan_apiserver.dialects.http_client import CallError

RESPONSE_LIMIT = 8 << 20
"""Bytes of an answer, decompressed. A patch is base64 and at most rewrites an object, which the store bounds at 1.5 MiB."""
IDLE_SECONDS = 4.0
"""How long an idle connection is kept: less than the five seconds after which common servers close theirs."""


class BundleError(ValueError):
    """A caBundle that holds no certificate."""


def client_context(ca_bundle: bytes) -> ssl.SSLContext:
    """TLS for a client that trusts the PEM certificates in `ca_bundle`, each by itself as Go does; the system's without one.

    Raises:
        BundleError: the bundle cannot be read.
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
    """Sends requests to where `address` says (host, port), and if it says None, to the address in their URL.

    `server_name` is what the certificate must be for. Every request carries its time in seconds in the extension `deadline`. Raises
    CallError, and nothing else; `address` may raise it, too.
    """

    def __init__(self, tls: ssl.SSLContext, address: Callable[[], tuple[str, int] | None], server_name: str) -> None:
        self._inner = httpx.AsyncHTTPTransport(
            verify=tls,
            trust_env=False,
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
