"""HTTP client of a webhook that a kubeconfig file names.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go (NewGenericWebhook)
"""

import base64
import ssl
import tempfile

import httpx
from opentelemetry.trace import TracerProvider

from rootspan import ConfigurationError
from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.clients.bounded_transport import BoundedTransport, BundleError, client_context
from rootspan_apiserver.clients.http_errors import server_error
from rootspan_apiserver.clients.kubeconfig_file import KubeconfigAccess
from rootspan_apiserver.dialects.http_client import CallError
from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.go_quote import quote

SECONDS = 30.0
"""How long a call may take, the reading of its answer included."""
_TIMED_OUT = "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
_HEADERS = {
    "User-Agent": "Go-http-client/1.1",
    "Accept": "application/json, */*",
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip",
}


class KubeconfigCallError(CallError):
    """The server did not answer with success; the message is client-go's.

    `code` is the status of its answer, 0 if there was none; `timed_out` and `connection_reset` say why.
    """

    def __init__(self, message: str, *, code: int = 0, timed_out: bool = False, connection_reset: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.timed_out = timed_out
        self.connection_reset = connection_reset


class KubeconfigClient:
    """The connections to one server.

    Args:
        access: How it is reached.
        seconds: How long a call may take, the reading of its answer included.
        spans: What makes a CLIENT span of each call, whose context the server receives; None for no spans.

    Raises:
        ConfigurationError: Its certificates cannot be used.
    """

    def __init__(
        self,
        access: KubeconfigAccess,
        *,
        seconds: float = SECONDS,
        spans: tuple[type[AsyncTracingTransport], TracerProvider] | None = None,
    ) -> None:
        parsed = httpx.URL(access.server)
        self._url = f"{access.server}?timeout={format_duration(round(seconds * 1e9))}"
        self._seconds = seconds
        self._headers = {"Host": parsed.netloc.decode("ascii")} | _HEADERS | _authorization(access)
        name = access.server_name or parsed.host
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        wire = BoundedTransport(_tls(access), lambda: (parsed.host, port), name, proxy=access.proxy or None)
        self._transport: httpx.AsyncBaseTransport = wire
        if spans is not None:
            transport, provider = spans
            self._transport = transport(wire, tracer_provider=provider)

    async def post(self, body: bytes) -> httpx.Response:
        """Send a body, and return the answer. Raises KubeconfigCallError."""
        extensions = {"deadline": self._seconds, "url": self._url}
        request = httpx.Request("POST", self._url, headers=self._headers, content=body, extensions=extensions)
        try:
            answer = await self._transport.handle_async_request(request)
        except CallError as error:
            timed_out = error.go_type == "context.deadlineExceededError"
            reason = _TIMED_OUT if timed_out else str(error)
            reset = "connection reset" in reason
            words = f"Post {quote(self._url)}: {reason}"
            raise KubeconfigCallError(words, timed_out=timed_out, connection_reset=reset) from error
        if not 200 <= answer.status_code <= 206:
            content_type = answer.headers.get("content-type", "")
            words = server_error(answer.status_code, content_type, answer.content)
            raise KubeconfigCallError(words, code=answer.status_code)
        return answer

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
