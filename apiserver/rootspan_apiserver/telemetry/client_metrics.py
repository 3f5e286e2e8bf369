"""The metrics of the requests that the server itself makes: to webhooks, and to its own API.

Upstream: staging/src/k8s.io/component-base/metrics/prometheus/restclient/metrics.go, staging/src/k8s.io/client-go/rest/request.go
"""

from contextlib import AbstractContextManager
from time import perf_counter
from types import TracebackType
from typing import Self

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, histogram

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_SIZES = (64.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0)
NO_ANSWER = "<error>"


class ClientMetrics:
    """Counts and times the requests, by method and host."""

    def __init__(self) -> None:
        self._requests = counter(
            "rest_client_requests_total",
            "[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.",
            *("code", "method", "host"),
        )
        self._seconds = histogram(
            "rest_client_request_duration_seconds",
            "[ALPHA] Request latency in seconds. Broken down by verb, and host.",
            *("verb", "host"),
            bounds=_SECONDS,
        )
        self._sent = histogram(
            "rest_client_request_size_bytes",
            "[ALPHA] Request size in bytes. Broken down by verb and host.",
            *("verb", "host"),
            bounds=_SIZES,
        )
        self._received = histogram(
            "rest_client_response_size_bytes",
            "[ALPHA] Response size in bytes. Broken down by verb and host.",
            *("verb", "host"),
            bounds=_SIZES,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._requests, self._seconds, self._sent, self._received]

    def request(self, method: str, host: str, size: int) -> "MeasuredRequest":
        """Measure one request, which is in the block; `host` has the port, `size` is in bytes."""
        return MeasuredRequest(self, method, host, size)

    def observe(self, request: "MeasuredRequest", seconds: float) -> None:
        """Count a request that has ended."""
        labels = request.method, request.host
        self._requests.labels(request.code, *labels).inc()
        self._seconds.labels(*labels).observe(seconds)
        self._sent.labels(*labels).observe(request.size)
        if request.code != NO_ANSWER:
            self._received.labels(*labels).observe(request.received)


class MeasuredRequest(AbstractContextManager["MeasuredRequest"]):
    """A request that is being made. `code` and `received`, the bytes of the answer, are set where there is one."""

    __slots__ = ("_metrics", "_started", "code", "host", "method", "received", "size")

    def __init__(self, metrics: ClientMetrics, method: str, host: str, size: int) -> None:
        self._metrics = metrics
        self.method = method
        self.host = host
        self.size = size
        self.code = NO_ANSWER
        self.received = 0

    def answered(self, code: int, size: int) -> None:
        """Note the status and the size of the answer."""
        self.code = str(code)
        self.received = size

    def __enter__(self) -> Self:
        self._started = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._metrics.observe(self, perf_counter() - self._started)
