"""A span processor that hands spans over in batches and keeps the deadlines it is given.

The SDK's own `BatchSpanProcessor` joins its thread for 30 seconds at shutdown and ignores the time-out of
`force_flush`, so a collector that does not answer holds up the process for as long. Here no
caller ever waits for the exporter itself: ended spans go into a bounded queue (a full one drops, as kube-apiserver's
does), one thread empties it, and `force_flush` waits for that thread at most for its time-out. The thread, the exporter and its connection
are made when the first sampled spans are due, so a server that forks its workers first has nothing for them to inherit.
A child forked later starts afresh, and leaves the spans it inherited to its parent. gRPC does not work in the child of a
process that is forked amid a call: so a fork waits for the export under way, and cuts off one that takes longer than a second;
the parent sends its spans again. Such a child can export nothing, and says so; so does one whose parent loaded gRPC without
telling it to support forks.
"""

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from opentelemetry.context import attach, set_value
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_logger = logging.getLogger(__name__)
_GRACE = 0.2
_FORK_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How spans are batched: the defaults of every OpenTelemetry SDK.

    `schedule_delay` is in seconds, `max_queue_size` and `max_export_batch_size` count spans.
    """

    max_queue_size: int = 2048
    max_export_batch_size: int = 512
    schedule_delay: float = 5.0


class DeadlineBatchSpanProcessor(SpanProcessor):
    """Exports sampled spans in batches from a thread of its own.

    `open_exporter` is called in that thread, and again after a fork. `shutdown_timeout` is in seconds, and bounds all of `shutdown`.
    `survives_fork` says whether an exporter can be opened in the child of a process that has opened one.
    """

    def __init__(
        self,
        open_exporter: Callable[[], SpanExporter],
        limits: BatchLimits,
        *,
        shutdown_timeout: float,
        survives_fork: bool,
    ) -> None:
        self._open_exporter = open_exporter
        self._limits = limits
        self._shutdown_timeout = shutdown_timeout
        self._survives_fork = survives_fork
        self._start_afresh()
        self._opened = False
        self._inherited: SpanExporter | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_weakly(self._before_fork),
                after_in_parent=_weakly(self._after_fork_in_parent),
                after_in_child=_weakly(self._after_fork_in_child),
            )

    def _start_afresh(self) -> None:
        self._queue: deque[ReadableSpan] = deque()
        self._flushes: deque[Future[bool]] = deque()
        self._in_flight = 0
        self._dropped = 0
        self._awake = threading.Event()
        self._starting = threading.Lock()
        self._exporting = threading.Lock()
        self._forking = threading.Lock()
        self._interrupted = False
        self._is_quiet = False
        self._was_cut = False
        self._is_silent = False
        self._thread: threading.Thread | None = None
        self._exporter: SpanExporter | None = None
        self._closing = False
        self._abandoned = False

    def _before_fork(self) -> None:
        self._forking.acquire()  # keeps the thread from the next export
        self._is_quiet = self._exporting.acquire(timeout=_FORK_WAIT)
        self._was_cut = not self._is_quiet
        if self._was_cut:
            self._interrupted = True
            self._close_exporter()
            self._is_quiet = self._exporting.acquire(timeout=_FORK_WAIT)

    def _after_fork_in_parent(self) -> None:
        if self._is_quiet:
            self._exporting.release()
        self._forking.release()

    def _after_fork_in_child(self) -> None:
        # An exporter must not be closed, not even by the garbage collector, in a process that did not open it.
        self._inherited = self._exporter or self._inherited
        closing = self._closing
        # gRPC does not work in the child of a fork amid a call, whether it supports forks or not.
        is_lost = self._opened and (self._was_cut or not self._survives_fork)
        self._start_afresh()
        self._closing = closing or is_lost
        if is_lost and not closing:
            _logger.warning("traces export: this process was forked after its parent exported, its spans are lost")

    def on_end(self, span: ReadableSpan) -> None:
        context = span.context
        if self._closing or context is None or not context.trace_flags.sampled:
            return
        queue = self._queue
        queued = len(queue)
        if queued >= self._limits.max_queue_size:
            self._dropped += 1
            return
        queue.append(span)
        if self._thread is None:
            self._start_thread()
        if queued + 1 >= self._limits.max_export_batch_size and not self._awake.is_set():
            self._awake.set()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Hand over every span that has ended so far. Return whether all of them were taken within the time-out."""
        if self._closing:
            return False
        if self._thread is None:
            return True
        flushed: Future[bool] = Future()
        self._flushes.append(flushed)
        self._awake.set()
        try:
            return flushed.result(max(0, timeout_millis) / 1000)
        except TimeoutError:
            self._is_silent = True
            return False

    def shutdown(self) -> None:
        """Hand over what is queued, as far as the time-out allows, and close the exporter."""
        if self._closing:
            return
        self._closing = True
        thread = self._thread
        if thread is None:
            return
        self._awake.set()
        # After a flush has timed out, the collector is not waited for again.
        thread.join(0.0 if self._is_silent else max(0.0, self._shutdown_timeout - _GRACE))
        if not thread.is_alive():
            return
        self._abandoned = True
        if lost := len(self._queue) + self._in_flight:
            _logger.warning("traces export: the collector did not answer in time, %d spans are lost", lost)
        self._queue.clear()
        self._close_exporter()
        thread.join(_GRACE)

    def _start_thread(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="rootspan-export", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                _logger.warning("traces export: no thread can be started any more, spans are lost")
                self._closing = True
                return
            self._thread = thread

    def _run(self) -> None:
        attach(set_value("suppress_instrumentation", True))
        next_export = time.monotonic() + self._limits.schedule_delay
        closing = False
        while not closing:
            self._awake.wait(max(0.0, next_export - time.monotonic()))
            self._awake.clear()
            closing = self._closing
            flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
            due = closing or bool(flushes) or time.monotonic() >= next_export
            delivered = self._empty_queue(everything=due)
            for flushed in flushes:
                flushed.set_result(delivered)
            if due:
                next_export = time.monotonic() + self._limits.schedule_delay
        while self._flushes:
            self._flushes.popleft().set_result(False)
        self._close_exporter()

    def _empty_queue(self, *, everything: bool) -> bool:
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            _logger.warning("traces export: %d spans were dropped because the queue was full", dropped)
        queue, size = self._queue, self._limits.max_export_batch_size
        waiting = len(queue) if everything else len(queue) // size * size
        delivered = True
        while waiting > 0 and not self._abandoned:
            batch = [queue.popleft() for _ in range(min(size, waiting))]
            waiting -= len(batch)
            self._in_flight = len(batch)
            with self._forking:
                self._exporting.acquire()
            try:
                exported = self._export(batch)
                if self._interrupted and not exported:
                    queue.extendleft(reversed(batch))
                    waiting += len(batch)
                else:
                    delivered &= exported
                self._interrupted = False
            finally:
                self._exporting.release()
            self._in_flight = 0
        return delivered

    def _close_exporter(self) -> None:
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            exporter.shutdown()

    def _export(self, batch: list[ReadableSpan]) -> bool:
        try:
            exporter = self._exporter
            if exporter is None:
                self._opened = True
                exporter = self._exporter = self._open_exporter()
                if self._abandoned:
                    self._close_exporter()
            exported = exporter.export(batch) is SpanExportResult.SUCCESS
            self._is_silent &= not exported
            return exported
        except Exception:
            if not self._abandoned and not self._interrupted:
                _logger.exception("traces export: %d spans are lost", len(batch))
            return False


def _weakly(method: Callable[[], None]) -> Callable[[], None]:
    """Return what calls `method` for as long as its object is there."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        found = reference()
        if found is not None:
            found()

    return call
