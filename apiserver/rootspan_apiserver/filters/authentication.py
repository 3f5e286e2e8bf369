"""Authentication: who makes the request; 401 for wrong credentials.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authentication.go,
staging/src/k8s.io/apiserver/pkg/authentication/request/websocket/protocol.go
"""

import base64
import re
from time import perf_counter

from rootspan_apiserver.authn.authenticator import (
    Authenticator,
    Credentials,
    InvalidCredentialsError,
    bearer_token,
)
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.http.responses import error_response
from rootspan_apiserver.http.websocket import TOKEN_PREFIX, is_websocket, protocols
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.status import unauthorized
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.step_metrics import AccessMetrics

_BASE64_URL = re.compile(r"[A-Za-z0-9_-]*")


def credentials_of(scope: Scope) -> Credentials:
    """Return the bearer token of the Authorization header, and the certificate the TLS connection was made with.

    Raises:
        InvalidCredentialsError: the token is one of a WebSocket, and malformed.
    """
    token = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = bearer_token(value.decode("latin-1"))
            break
    token = token or _websocket_token(scope)
    tls = (scope.get("extensions") or {}).get("tls") or {}
    chain = tls.get("client_cert_chain") or ()
    if not chain:
        return Credentials(token, path=scope["path"])
    headers: dict[bytes, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        headers[name] = (*headers.get(name, ()), value.decode("latin-1"))
    return Credentials(token, tuple(chain), headers=headers, path=scope["path"])


def _websocket_token(scope: Scope) -> str:
    """Take the bearer token out of the subprotocols that a WebSocket client offers, and return it. Raises InvalidCredentialsError."""
    offered = protocols(scope)
    tokens = [each.removeprefix(TOKEN_PREFIX) for each in offered if each.startswith(TOKEN_PREFIX)]
    if not tokens or not is_websocket(scope):
        return ""
    others = [each for each in offered if not each.startswith(TOKEN_PREFIX)]
    if len(tokens) > 1:
        raise InvalidCredentialsError("multiple base64.bearer.authorization tokens specified")
    try:
        if not _BASE64_URL.fullmatch(tokens[0]):
            raise ValueError(tokens[0])
        token = base64.urlsafe_b64decode(tokens[0] + "=" * (-len(tokens[0]) % 4)).decode()
    except ValueError:
        raise InvalidCredentialsError("invalid base64.bearer.authorization token encoding") from None
    if token and not others:
        raise InvalidCredentialsError("missing additional subprotocol")
    kept = [pair for pair in scope["headers"] if pair[0] != b"sec-websocket-protocol"]
    scope["headers"] = [*kept, (b"sec-websocket-protocol", ",".join(others).encode("latin-1"))]
    return token


class Authentication:
    """Sets the user of the request."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, metrics: AccessMetrics) -> None:
        self._app = app
        self._authenticator = authenticator
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.AUTHENTICATION):
            started = perf_counter()
            try:
                found = await self._authenticator.authenticate(credentials_of(scope))
            except InvalidCredentialsError as exc:
                request.audit_annotations.add_all(exc.annotations)
                found = None
            track("authentication", perf_counter() - started)
            if found is None:
                self._metrics.unauthenticated(perf_counter() - started)
                refusal = error_response(request, unauthorized(), group_version=request.info.group_version)
                await refusal.send(request, send)
                return
            self._metrics.authenticated(found.user.name, perf_counter() - started)
            request.user = found.user
            request.warnings += found.warnings
            request.audit_annotations.add_all(found.annotations)
            await self._app(scope, receive, send)
