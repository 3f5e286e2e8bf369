"""The duration of requests, as the histogram `http.server.request.duration` of the semantic conventions.

Metrics are a middleware of their own, so that an application that wants none pays nothing. Every attribute has few values,
whatever callers send: the method is a known one or `_OTHER`, the route is the framework's template, and the host that a
caller names is not among them.
"""

import time
from typing import Any

from opentelemetry.metrics import MeterProvider

from rootspan.continuation import Scope
from rootspan.exchange import Message, Receive, Send, type_name
from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.middleware import ASGIApp
from rootspan.route import route_of

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Boundaries in seconds, as the semantic conventions advise."""


class RequestDuration:
    """ASGI middleware that records how long each HTTP request took, in seconds, until the end of its response.

    Args:
        app: The ASGI application.
        meter_provider: Any meter provider.
    """

    def __init__(self, app: ASGIApp, *, meter_provider: MeterProvider) -> None:
        self.app = app
        self._histogram = meter_provider.get_meter("rootspan").create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        status: int | None = None
        end: float | None = None
        failed: str | None = None

        async def watched(message: Message) -> None:
            nonlocal status, end
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                end = time.perf_counter()

        try:
            await self.app(scope, receive, watched)
        except BaseException as error:
            failed = type_name(error)
            raise
        finally:
            duration = (time.perf_counter() if end is None else end) - begin
            self._histogram.record(duration, _attributes(scope, status, failed))


def _attributes(scope: Scope, status: int | None, failed: str | None) -> dict[str, Any]:
    method = scope["method"]
    attributes: dict[str, Any] = {
        "http.request.method": method if method in KNOWN_METHODS else OTHER_METHOD,
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    if (route := route_of(scope)) is not None:
        attributes["http.route"] = route
    if status is not None:
        attributes["http.response.status_code"] = status
    if failed is not None:
        attributes["error.type"] = failed
    elif status is not None and status >= 500:
        attributes["error.type"] = str(status)
    return attributes
