"""How events reach a backend: while requests wait for it, or in batches; whole or truncated.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/audit.go (AuditBatchOptions, AuditTruncateOptions)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.audit.backend import Backend, IgnoreErrors, PluginErrors
from rootspan_apiserver.audit.buffered import BatchConfig, Buffered
from rootspan_apiserver.audit.truncate import Truncate
from rootspan_apiserver.kube.go_numbers import format_float
from rootspan_apiserver.kube.go_quote import quote

BATCH, BLOCKING, BLOCKING_STRICT = MODES = ("batch", "blocking", "blocking-strict")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """The mode, the batches of mode `batch`, and the limits on sizes.

    Attributes:
        mode: `batch`, `blocking` (requests wait for the backend), or `blocking-strict` (and fail if their first event does).
        max_batch_wait: In seconds.
        throttle: Whether `qps` and `burst` limit the batches per second.
        concurrent: Whether a batch is passed on before the outcome of the one before it is known.
        truncate: Whether `max_event_bytes` and `max_batch_bytes` are limits.
    """

    mode: str
    buffer_size: int
    max_batch_size: int
    max_batch_wait: float
    throttle: bool
    qps: float
    burst: int
    concurrent: bool
    truncate: bool
    max_event_bytes: int
    max_batch_bytes: int

    def faults(self, plugin: str) -> Iterator[str]:
        """Yield what is wrong with the options of a plugin: the first fault of the mode, and of the limits."""
        if (fault := next(self._faults_of_mode(plugin), None)) is not None:
            yield fault
        if self.max_event_bytes <= 0:
            yield f"invalid audit truncate {plugin} max event size {self.max_event_bytes}, must be a positive number"
        elif self.max_batch_bytes < self.max_event_bytes:
            yield (
                f"invalid audit truncate {plugin} max batch size {self.max_batch_bytes}, must be greater than max event size "
                f"({self.max_event_bytes})"
            )

    def _faults_of_mode(self, plugin: str) -> Iterator[str]:
        if self.mode not in MODES:
            yield f"invalid audit {plugin} mode {self.mode}, allowed modes are {quote(','.join(MODES))}"
            return
        if self.mode != BATCH:
            return
        positive: dict[str, float] = {"buffer size": self.buffer_size, "max batch size": self.max_batch_size}
        if self.throttle:
            positive |= {"throttle QPS": self.qps, "throttle burst": self.burst}
        for name, value in positive.items():
            if value <= 0:
                yield f"invalid audit batch {plugin} {name} {format_float(value)}, must be a positive number"

    def wrap(self, backend: Backend, errors: PluginErrors) -> Backend:
        """Return the backend behind its mode and limits. It is called in the event loop."""
        wrapped = self._in_mode(backend, errors)
        if not self.truncate:
            return wrapped
        return Truncate(wrapped, errors, max_event=self.max_event_bytes, max_batch=self.max_batch_bytes)

    def _in_mode(self, backend: Backend, errors: PluginErrors) -> Backend:
        if self.mode == BLOCKING_STRICT:
            return backend
        if self.mode == BLOCKING:
            return IgnoreErrors(backend)
        config = BatchConfig(
            buffer_size=self.buffer_size,
            max_size=self.max_batch_size,
            max_wait=self.max_batch_wait,
            qps=self.qps if self.throttle else 0.0,
            burst=self.burst,
            concurrent=self.concurrent,
        )
        return Buffered(backend, config, errors)
