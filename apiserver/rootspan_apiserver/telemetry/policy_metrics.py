"""The metrics of CEL expressions in admission: of policies, and of the match conditions of policies and webhooks.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/metrics/metrics.go, mutating/metrics/metrics.go,
staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, histogram

_POLICY_SECONDS = (0.0000005, 0.001, 0.01, 0.1, 1.0)
_CONDITION_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25)
_POLICY = ("policy", "policy_binding", "error_type")
_CONDITIONS = ("name", "kind", "type", "operation")
_BROKEN_OUT = (
    "identified by name of resource containing the match condition and broken out for each kind containing matchConditions (webhook or "
    "policy), operation and admission type (validate or admit)."
)


class PolicyMetrics:
    """The checks of policies, by policy, binding and type of error: no_error, compile_error, invalid_error or out_of_budget."""

    def __init__(self) -> None:
        self._validations = counter(
            "apiserver_validating_admission_policy_check_total",
            "[BETA] Validation admission policy check total, labeled by policy and further identified by binding and enforcement action "
            "taken.",
            *(*_POLICY, "enforcement_action"),
        )
        self._validation_time = histogram(
            "apiserver_validating_admission_policy_check_duration_seconds",
            "[BETA] Validation admission latency for individual validation expressions in seconds, labeled by policy and further including "
            "binding and enforcement action taken.",
            *(*_POLICY, "enforcement_action"),
            bounds=_POLICY_SECONDS,
        )
        self._mutations = counter(
            "apiserver_mutating_admission_policy_check_total",
            "[ALPHA] Mutation admission policy check total, labeled by policy and further identified by binding.",
            *_POLICY,
        )
        self._mutation_time = histogram(
            "apiserver_mutating_admission_policy_check_duration_seconds",
            "[ALPHA] Mutation admission latency for individual mutation expressions in seconds, labeled by policy and binding.",
            *_POLICY,
            bounds=_POLICY_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._validations, self._validation_time, self._mutations, self._mutation_time]

    def validated(self, policy: str, binding: str, error: str, action: str, seconds: float) -> None:
        """Count the check of an expression; `action` is allow, deny, warn or audit."""
        self._validations.labels(policy, binding, error, action).inc()
        self._validation_time.labels(policy, binding, error, action).observe(seconds)

    def mutated(self, policy: str, binding: str, error: str, seconds: float) -> None:
        """Count a mutation."""
        self._mutations.labels(policy, binding, error).inc()
        self._mutation_time.labels(policy, binding, error).observe(seconds)


class MatchConditionMetrics:
    """The evaluations of match conditions: those that fail, those that exclude a request, and their time."""

    def __init__(self) -> None:
        self._errors = counter(
            "apiserver_admission_match_condition_evaluation_errors_total",
            f"[ALPHA] Admission match condition evaluation errors count, {_BROKEN_OUT}",
            *_CONDITIONS,
        )
        self._exclusions = counter(
            "apiserver_admission_match_condition_exclusions_total",
            f"[ALPHA] Admission match condition evaluation exclusions count, {_BROKEN_OUT}",
            *_CONDITIONS,
        )
        self._time = histogram(
            "apiserver_admission_match_condition_evaluation_seconds",
            "[ALPHA] Admission match condition evaluation time in seconds, identified by name and broken out for each kind containing "
            "matchConditions (webhook or policy), operation and type (validate or admit).",
            *_CONDITIONS,
            bounds=_CONDITION_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._errors, self._exclusions, self._time]

    def evaluated(self, labels: tuple[str, str, str, str], errors: int, seconds: float) -> None:
        """Count an evaluation after which the request does not match, and its errors."""
        if errors:
            self._errors.labels(*labels).inc(errors)
        self._time.labels(*labels).observe(seconds)

    def excluded(self, labels: tuple[str, str, str, str]) -> None:
        """Count a request that does not match a webhook."""
        self._exclusions.labels(*labels).inc()
