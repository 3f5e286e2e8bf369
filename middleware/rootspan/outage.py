"""One line in the log for a collector that is away, however long it is.

OpenTelemetry's exporters log every attempt, some with a traceback, and so several lines for each batch. What the exporter logs
in the thread that exports is passed on once, until the collector has taken spans again.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_logger = logging.getLogger(__name__)
_current = threading.local()


class OncePerOutage(SpanExporter):
    """Another exporter, whose complaints are heard once for each outage.

    `logger` is the name of the logger that the exporter writes to.
    """

    def __init__(self, open_exporter: Callable[[], SpanExporter], logger: str) -> None:
        self._exporter = open_exporter()
        self.told = False
        logging.getLogger(logger).addFilter(passes)  # A filter that is there already is not added again.

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        _current.exporter = self
        try:
            result = self._exporter.export(spans)
        finally:
            _current.exporter = None
        if result is SpanExportResult.SUCCESS and self.told:
            self.told = False
            _logger.info("traces export: the collector takes spans again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def passes(record: logging.LogRecord) -> bool:
    """Pass on what other exporters log, and of ours the first record of an outage, without its traceback."""
    exporter = getattr(_current, "exporter", None)
    if exporter is None:
        return True
    if exporter.told:
        return False
    exporter.told = True
    record.exc_info = None
    return True
