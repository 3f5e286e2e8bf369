"""The audit id of the request being served: spans and log lines are tied to audit events by it. Here it is cut to 64 characters."""

from contextvars import ContextVar

audit_id: ContextVar[str] = ContextVar("audit_id", default="")
