"""A fault of the server itself: logged with its traceback, of which the client sees nothing.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/wrap.go
"""

import logging

from opentelemetry import trace

from rootspan_apiserver.http.request import ClientDisconnected
from rootspan_apiserver.kube.asgi import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.telemetry.audit_id import audit_id

_log = logging.getLogger(__name__)
_BODY = b"This request caused apiserver to panic. Look in the logs for details.\n"


class PanicRecovery:
    """Answers 500 where a handler raised; ends the connection where the answer had begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if not begun and not 100 <= message["status"] <= 999:  # Go's server panics, too
                raise ValueError(f"invalid WriteHeader code {message['status']}")
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnected:
            _log.debug("client went away: %s %s", scope["method"], scope["path"])
        except Exception as exc:
            _log.exception("apiserver panic'd on %s %s, audit-ID: %s", scope["method"], scope["path"], audit_id.get())
            trace.get_current_span().record_exception(exc)
            if begun:
                raise
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"x-content-type-options", b"nosniff"),
                (b"content-length", str(len(_BODY)).encode()),
            ]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": _BODY})
