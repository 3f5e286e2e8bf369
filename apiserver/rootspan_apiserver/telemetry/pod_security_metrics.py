"""The metrics of pod security.

Upstream: staging/src/k8s.io/pod-security-admission/metrics/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter

_ABOUT = ("request_operation", "resource", "subresource")
_RESOURCES = {"pods": "pod", "namespaces": "namespace"}


class PodSecurityMetrics:
    """Counts what was decided, what is exempt, and what could not be evaluated."""

    def __init__(self) -> None:
        self._evaluations = counter(
            "pod_security_evaluations_total",
            "[ALPHA] Number of policy evaluations that occurred, not counting ignored or exempt requests.",
            *("decision", "policy_level", "policy_version", "mode", *_ABOUT),
        )
        self._exemptions = counter(
            "pod_security_exemptions_total",
            "[ALPHA] Number of exempt requests, not counting ignored or out of scope requests.",
            *_ABOUT,
        )
        self._errors = counter(
            "pod_security_errors_total",
            "[ALPHA] Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being "
            "used for evaluation.",
            *("fatal", *_ABOUT),
        )
        for operation in ("create", "update"):
            self._evaluations.labels("allow", "privileged", "latest", "enforce", *(operation, "pod", ""))
            for resource in ("controller", "pod"):
                self._exemptions.labels(operation, resource, "")

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._evaluations, self._exemptions, self._errors]

    def evaluated(self, decision: str, level: tuple[str, str], mode: str, about: tuple[str, str, str]) -> None:
        """Count a decision, `allow` or `deny`, by a level and its version; `about` is as `subject` returns it."""
        self._evaluations.labels(decision, *level, mode, *about).inc()

    def exempt(self, about: tuple[str, str, str]) -> None:
        """Count a request that is exempt."""
        self._exemptions.labels(*about).inc()

    def failed(self, about: tuple[str, str, str], *, fatal: bool) -> None:
        """Count a request that cannot be evaluated, or only by the latest restricted level."""
        self._errors.labels(str(fatal).lower(), *about).inc()

    @staticmethod
    def subject(operation: str, resource: str, subresource: str) -> tuple[str, str, str]:
        """Return the labels for the subject of a request; what makes pods is a `controller`."""
        return operation.lower(), _RESOURCES.get(resource, "controller"), subresource
