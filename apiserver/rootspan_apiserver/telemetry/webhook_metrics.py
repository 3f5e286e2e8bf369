"""The metrics of admission webhooks.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, histogram

_SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 25.0)
_GREATEST_CODE = 600
ANSWERED, CALL_FAILED, INTERNAL = "no_error", "calling_webhook_error", "apiserver_internal_error"


class AdmissionWebhookMetrics:
    """Counts and times the calls. Their `phase` is `admit` or `validating`, the `operation` that of the request."""

    def __init__(self) -> None:
        self._seconds = histogram(
            "apiserver_admission_webhook_admission_duration_seconds",
            "[STABLE] Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API "
            "resource and type (validate or admit).",
            *("name", "type", "operation", "rejected"),
            bounds=_SECONDS,
        )
        self._requests = counter(
            "apiserver_admission_webhook_request_total",
            "[ALPHA] Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and "
            "operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 "
            "are truncated to 600, to keep the metrics cardinality bounded.",
            *("name", "type", "operation", "code", "rejected"),
        )
        self._rejections = counter(
            "apiserver_admission_webhook_rejection_count",
            "[ALPHA] Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) "
            "and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error "
            "occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status "
            "code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to "
            "keep the metrics cardinality bounded.",
            *("name", "type", "operation", "error_type", "rejection_code"),
        )
        self._failed_open = counter(
            "apiserver_admission_webhook_fail_open_count",
            "[ALPHA] Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).",
            *("name", "type"),
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._seconds, self._requests, self._rejections, self._failed_open]

    def called(
        self, name: str, phase: str, operation: str, *, seconds: float, code: int = 200, error: str = ""
    ) -> None:
        """Count a call. `error` says why it rejects the request, "" where it does not; `code` is the status."""
        shown, rejected = str(min(code, _GREATEST_CODE)), str(bool(error)).lower()
        self._requests.labels(name, phase, operation, shown, rejected).inc()
        self._seconds.labels(name, phase, operation, rejected).observe(seconds)
        if error:
            self._rejections.labels(name, phase, operation, error, shown).inc()

    def failed_open(self, name: str, phase: str) -> None:
        """Count a request that is let through because its webhook fails."""
        self._failed_open.labels(name, phase).inc()
