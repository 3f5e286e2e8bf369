"""The metrics of audit.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter


class AuditMetrics:
    """The events made and lost.

    Attributes:
        events: The events handed to the backends.
        errors: The events that a plugin could not record, by the plugin.
        levels: The requests, by the level of the policy for them.
        rejected: The requests refused because their event could not be recorded.
    """

    def __init__(self) -> None:
        self._events = counter(
            "apiserver_audit_event_total",
            "[ALPHA] Counter of audit events generated and sent to the audit backend.",
        )
        self.events = self._events.labels()
        self.errors = counter(
            "apiserver_audit_error_total",
            "[ALPHA] Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.",
            "plugin",
        )
        self.levels = counter(
            "apiserver_audit_level_total",
            "[ALPHA] Counter of policy levels for audit events (1 per request).",
            "level",
        )
        self._rejected = counter(
            "apiserver_audit_requests_rejected_total",
            "[ALPHA] Counter of apiserver requests rejected due to an error in audit logging backend.",
        )
        self.rejected = self._rejected.labels()

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._events, self.errors, self.levels, self._rejected]
