"""The metrics of the cache of tokens.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/token/cache/stats.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, gauge, histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class TokenCacheMetrics:
    """Counts what the cache knows, and what has to be asked for."""

    def __init__(self) -> None:
        self._requests = counter("authentication_token_cache_request_total", "[ALPHA] ", "status")
        self._request_time = histogram(
            "authentication_token_cache_request_duration_seconds", "[ALPHA] ", "status", bounds=_SECONDS
        )
        self._fetches = counter("authentication_token_cache_fetch_total", "[ALPHA] ", "status")
        self._active = gauge("authentication_token_cache_active_fetch_count", "[ALPHA] ", "status")
        self.in_flight = self._active.labels("in_flight")
        self.blocked = self._active.labels("blocked")

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._requests, self._request_time, self._fetches, self._active]

    def request(self, *, hit: bool, seconds: float) -> None:
        """Count one look-up of a token."""
        status = "hit" if hit else "miss"
        self._requests.labels(status).inc()
        self._request_time.labels(status).observe(seconds)

    def fetch(self, *, succeeded: bool) -> None:
        """Count one question to the authenticator behind the cache."""
        self._fetches.labels("ok" if succeeded else "error").inc()
