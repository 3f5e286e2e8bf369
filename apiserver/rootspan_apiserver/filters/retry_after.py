"""While the server shuts down with --shutdown-send-retry-after: it still listens, and asks new callers to try again elsewhere.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/with_retry_after.go, waitgroup.go
"""

from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.request_info import request_info

_EXEMPT = ("/readyz", "/livez", "/healthz", "/metrics")
_MESSAGE = b"The apiserver is shutting down, please try again later.\n"
_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"retry-after", b"5"),
    (b"connection", b"close"),
    (b"content-length", b"%d" % len(_MESSAGE)),
]


class RetryAfter:
    """Answers 429 once `lifecycle.stopping` is set, and counts the requests that are at work.

    Health checks, metrics and the server's own requests go on. `waits_for_watches` counts requests that last, too.
    """

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, *, waits_for_watches: bool) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._waits_for_watches = waits_for_watches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_exempt(scope):
            await self._app(scope, receive, send)
        elif self._lifecycle.stopping.is_set():
            await send({"type": "http.response.start", "status": 429, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _MESSAGE})
        elif not self._waits_for_watches and is_long_running(request_info(scope), scope):
            await self._app(scope, receive, send)
        else:
            with self._lifecycle.in_flight.counted():
                await self._app(scope, receive, send)


def _is_exempt(scope: Scope) -> bool:
    if scope["path"].startswith(_EXEMPT):
        return True
    return any(name == b"user-agent" and value.startswith(b"kube-apiserver/") for name, value in scope["headers"])
