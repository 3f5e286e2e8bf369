"""The audit id of the request being served: spans, log lines and audit events are tied together by it."""

from contextvars import ContextVar

audit_id: ContextVar[str] = ContextVar("audit_id", default="")
