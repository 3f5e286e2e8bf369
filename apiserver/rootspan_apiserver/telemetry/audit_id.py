"""The audit id of the request that is being served, which ties spans and log lines to audit events.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/context.go
"""

from contextvars import ContextVar

audit_id: ContextVar[str] = ContextVar("audit_id", default="")
"""At most 64 characters of it; "" outside a request."""
