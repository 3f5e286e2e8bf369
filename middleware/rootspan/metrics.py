"""The duration of requests, as the histogram `http.server.request.duration` of the semantic conventions.

Metrics are a middleware of their own, so that an application that wants none pays nothing. Its status, its error and its end are
those of the span (`rootspan.exchange`). Every attribute has few values, whatever callers send: the method is a known one or
`_OTHER`, so are the scheme and the version of the protocol, the route is the framework's template, and the host that a
caller names is not among them.
"""

import time

from opentelemetry.metrics import Histogram, MeterProvider

from rootspan.continuation import Scope
from rootspan.exchange import Exchange, Receive, Send, error_type_of
from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.middleware import ASGIApp
from rootspan.route import route_of
from rootspan.server_attributes import Attributes, http_version_of, scheme_of

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Boundaries in seconds, as the semantic conventions advise."""

_SCHEMES = frozenset({"http", "https"})
_VERSIONS = frozenset({"0.9", "1.0", "1.1", "2", "3"})
_NANOSECONDS = 1_000_000_000


class RequestDuration:
    """ASGI middleware that records how long each HTTP request took, in seconds, until the end of its response.

    Put it inside `TracingMiddleware`: its exemplars then carry the ids of the server span.

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
        exchange = _MeasuredExchange(scope, receive, send)
        exchange.begin(self._histogram)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except BaseException as error:
            exchange.raised(error)
            raise
        finally:
            exchange.returned()


class _MeasuredExchange(Exchange):
    """An exchange that records its duration."""

    def begin(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._root_path: str = self.scope.get("root_path") or ""
        self._began = time.time_ns()

    def finish(self, status: int | None, error: BaseException | None, end_time: int | None) -> None:
        duration = max(0, (time.time_ns() if end_time is None else end_time) - self._began) / _NANOSECONDS
        self._histogram.record(duration, _attributes(self.scope, self._root_path, status, error))


def _attributes(scope: Scope, root_path: str, status: int | None, error: BaseException | None) -> Attributes:
    method, scheme, http_version = scope.get("method"), scheme_of(scope), http_version_of(scope)
    attributes: Attributes = {
        "http.request.method": method if method in KNOWN_METHODS else OTHER_METHOD,
        "url.scheme": scheme if scheme in _SCHEMES else "_OTHER",
    }
    if http_version in _VERSIONS:
        attributes["network.protocol.version"] = http_version
    if (route := route_of(scope, root_path)) is not None:
        attributes["http.route"] = route
    if status is not None:
        attributes["http.response.status_code"] = status
    if (error_type := error_type_of(status, error)) is not None:
        attributes["error.type"] = error_type
    return attributes
