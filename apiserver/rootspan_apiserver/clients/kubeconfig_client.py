"""HTTP client of a webhook that a kubeconfig file names.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go (NewGenericWebhook)
"""

import base64
import ssl
import tempfile

import httpx

from rootspan import ConfigurationError
from rootspan_apiserver.clients.bounded_transport import BoundedTransport, BundleError, client_context
from rootspan_apiserver.clients.http_errors import server_error
from rootspan_apiserver.clients.kubeconfig_file import KubeconfigAccess
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_quote import quote

SECONDS = 30.0
"""How long a call may take, the reading of its answer included."""
_HEADERS = {
    "User-Agent": "Go-http-client/1.1",
    "Accept": "application/json, */*",
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip",
}


class KubeconfigCallError(CallError):
    """The server did not answer with success; the message is client-go's."""


class KubeconfigClient:
    """The connections to one server.

    Raises:
        ConfigurationError: Its certificates cannot be used.
    """

    def __init__(self, access: KubeconfigAccess) -> None:
        self._url = f"{access.server}?timeout=30s"
        self._headers = _HEADERS | _authorization(access)
        parsed = httpx.URL(access.server)
        name = access.server_name or parsed.host
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        self._transport = BoundedTransport(_tls(access), lambda: (parsed.host, port), name)

    async def post(self, body: bytes) -> bytes:
        """Send a body, and return that of the answer. Raises KubeconfigCallError."""
        extensions = {"deadline": SECONDS}
        request = httpx.Request("POST", self._url, headers=self._headers, content=body, extensions=extensions)
        try:
            answer = await self._transport.handle_async_request(request)
        except CallError as error:
            raise KubeconfigCallError(f"Post {quote(self._url)}: {error}") from error
        if not 200 <= answer.status_code <= 206:
            content_type = answer.headers.get("content-type", "")
            raise KubeconfigCallError(server_error(answer.status_code, content_type, answer.content))
        return answer.content

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def _authorization(access: KubeconfigAccess) -> dict[str, str]:
    """Return the header with the credentials, which are not sent without TLS."""
    if not access.server.startswith("https:"):
        return {}
    if access.token:
        return {"Authorization": f"Bearer {access.token}"}
    if access.username:
        pair = base64.b64encode(f"{access.username}:{access.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _tls(access: KubeconfigAccess) -> ssl.SSLContext:
    """Raises ConfigurationError."""
    try:
        context = client_context(access.ca)
    except BundleError as error:
        raise ConfigurationError(str(error)) from error
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if access.certificate:
        with tempfile.NamedTemporaryFile() as pair:  # ssl reads files only
            pair.write(access.certificate + b"\n" + access.key)
            pair.flush()
            try:
                context.load_cert_chain(pair.name)
            except ssl.SSLError as error:
                raise ConfigurationError("tls: failed to find any PEM data in certificate input") from error
    return context
