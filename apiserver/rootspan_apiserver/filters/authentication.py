"""Authentication: who makes the request; 401 for wrong credentials.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authentication.go
"""

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
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.status import unauthorized
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.step_metrics import AccessMetrics


def credentials_of(scope: Scope) -> Credentials:
    """Return the bearer token of the Authorization header, and the certificate the TLS connection was made with."""
    token = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = bearer_token(value.decode("latin-1"))
            break
    tls = (scope.get("extensions") or {}).get("tls") or {}
    chain = tls.get("client_cert_chain") or ()
    if not chain:
        return Credentials(token, path=scope["path"])
    headers: dict[bytes, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        headers[name] = (*headers.get(name, ()), value.decode("latin-1"))
    return Credentials(token, tuple(chain), headers=headers, path=scope["path"])


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
