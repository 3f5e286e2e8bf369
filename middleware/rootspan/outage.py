"""One line in the log for a collector that is away, however long it is.

OpenTelemetry's exporters log every attempt, some with a traceback, and so several lines for each batch. What an exporter says in
the thread that exports is logged here, the first time only, until the collector has taken spans again.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_logger = logging.getLogger(__name__)
_current = threading.local()


class OncePerOutage(SpanExporter):
    """Another exporter, whose complaints are heard once for each outage, and not after its shutdown.

    `logger` is the name of the logger that the exporter writes to.
    """

    def __init__(self, open_exporter: Callable[[], SpanExporter], logger: str) -> None:
        self._exporter = open_exporter()
        self._told = False
        filters = logging.getLogger(logger).filters
        if _pass_on not in filters:
            filters.insert(
                0, _pass_on
            )  # First, for OpenTelemetry's own filter drops lines that differ in their values.

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        _current.exporter = self
        try:
            result = self._exporter.export(spans)
        except Exception as error:
            self.tell(repr(error))
            return SpanExportResult.FAILURE
        finally:
            _current.exporter = None
        if result is not SpanExportResult.SUCCESS:
            self.tell("spans are lost")
        elif self._told:
            self._told = False
            _logger.info("traces export: the collector takes spans again")
        return result

    def shutdown(self) -> None:
        self._told = True
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def tell(self, reason: str) -> None:
        """Log why spans are not taken, if it is the first thing to be said of this outage."""
        if not self._told:
            self._told = True
            _logger.warning("traces export: %s (said once, until the collector takes spans)", reason)


def _pass_on(record: logging.LogRecord) -> bool:
    """Pass on what other exporters log. What ours says is for it to tell; only warnings and errors are worth it."""
    exporter: OncePerOutage | None = getattr(_current, "exporter", None)
    if exporter is None or record.levelno < logging.WARNING:
        return True
    exporter.tell(record.getMessage())
    return False
