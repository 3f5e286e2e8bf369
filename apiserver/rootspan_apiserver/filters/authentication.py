"""Finds out who calls; 401 for wrong credentials."""

from rootspan_apiserver.authn.authenticator import Credentials, InvalidCredentialsError, bearer_token
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Receive, Request, Scope, Send
from rootspan_apiserver.http.request_context import request_context
from rootspan_apiserver.http.responses import write_error
from rootspan_apiserver.kube.status import unauthorized


def credentials_of(scope: Scope) -> Credentials:
    """The bearer token of the Authorization header, and the certificate the TLS connection was made with."""
    token = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = bearer_token(value.decode("latin-1"))
            break
    tls = (scope.get("extensions") or {}).get("tls") or {}
    chain = tls.get("client_cert_chain") or ()
    return Credentials(token, chain[0] if chain else "")


class Authentication:
    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._parts.tracing.span(operations.AUTHENTICATION):
            try:
                found = await self._parts.authenticator.authenticate(credentials_of(scope))
            except InvalidCredentialsError:
                found = None
            if found is None:
                version = request_context(scope).info.group_version
                await write_error(Request(self._parts, scope, receive, send), unauthorized(), version)
                return
            request_context(scope).user = found.user
            await self._app(scope, receive, send)
