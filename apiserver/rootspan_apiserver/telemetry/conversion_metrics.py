"""Metrics of conversion webhooks.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/metrics.go
"""

from enum import StrEnum

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, histogram

# fmt: off
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0)
# fmt: on
_DEFINITION_SECONDS = tuple(0.001 * 2**power for power in range(15))
_OUTCOME = ("result", "failure_type")
_VERSIONS = ("crd_name", "from_version", "to_version", "succeeded")


class Failure(StrEnum):
    """Why a conversion failed."""

    CALL = "conversion_webhook_call_failure"
    MALFORMED_RESPONSE = "conversion_webhook_malformed_response_failure"
    PARTIAL_RESPONSE = "conversion_webhook_partial_response_failure"
    INVALID_OBJECT = "conversion_webhook_invalid_converted_object_failure"


class ConversionMetrics:
    """Counts and times the calls of conversion webhooks."""

    def __init__(self) -> None:
        self._requests = counter(
            "apiserver_conversion_webhook_request_total",
            "[ALPHA] Counter for conversion webhook requests with success/failure and failure error type",
            *_OUTCOME,
        )
        self._durations = histogram(
            "apiserver_conversion_webhook_duration_seconds",
            "[ALPHA] Conversion webhook request latency",
            *_OUTCOME,
            bounds=_SECONDS,
        )
        self._by_definition = histogram(
            "apiserver_crd_conversion_webhook_duration_seconds",
            "[ALPHA] CRD webhook conversion duration in seconds",
            *_VERSIONS,
            bounds=_DEFINITION_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._requests, self._durations, self._by_definition]

    def observe(
        self, *, definition: str, from_version: str, to_version: str, failure: Failure | None, seconds: float
    ) -> None:
        """Count one call of the webhook of a definition; `failure` is None where it converted the objects."""
        outcome = ("success", "") if failure is None else ("failure", failure.value)
        self._requests.labels(*outcome).inc()
        self._durations.labels(*outcome).observe(seconds)
        succeeded = str(failure is None).lower()
        self._by_definition.labels(definition, from_version, to_version, succeeded).observe(seconds)
