"""The format of the server's log lines, which have the ids of the trace and the request that they belong to."""

import logging

from opentelemetry import trace

from rootspan_apiserver.telemetry.audit_id import audit_id

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class CorrelatedFormatter(logging.Formatter):
    """Adds `trace_id`, `span_id` and `audit_id` to the first line of each record that is logged during a request, sampled or not."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        line = super().formatMessage(record)
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return line
        ids = f" trace_id={context.trace_id:032x} span_id={context.span_id:016x}"
        if known := audit_id.get():
            ids += f" audit_id={known!r}"
        first, newline, rest = line.partition("\n")
        return f"{first}{ids}{newline}{rest}"
