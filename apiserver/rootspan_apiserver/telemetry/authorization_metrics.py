"""The metrics of authorizers: their decisions, the calls and match conditions of webhooks, and reloads of the configuration.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/metrics/metrics.go, staging/src/k8s.io/apiserver/pkg/authorization/cel/metrics.go,
staging/src/k8s.io/apiserver/plugin/pkg/authorizer/webhook/metrics/metrics.go
"""

import hashlib
import time

from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, Number, counter, gauge, histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CONDITION_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25)
_AUTHORIZER = ("type", "name")
_CALL = ("name", "result")
_RELOAD = ("status", "apiserver_id_hash")


class AuthorizationMetrics:
    """Counts what authorizers do. `server_id` identifies the server among others."""

    def __init__(self, server_id: str = "") -> None:
        self._server_id = _hash(server_id)
        self._configuration = ""
        self._decisions = counter(
            "apiserver_authorization_decisions_total",
            "[ALPHA] Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.",
            *(*_AUTHORIZER, "decision"),
        )
        self._calls = counter(
            "apiserver_authorization_webhook_evaluations_total",
            "[ALPHA] Round-trips to authorization webhooks.",
            *_CALL,
        )
        self._call_time = histogram(
            "apiserver_authorization_webhook_duration_seconds",
            "[ALPHA] Request latency in seconds.",
            *_CALL,
            bounds=_SECONDS,
        )
        self._failures = counter(
            "apiserver_authorization_webhook_evaluations_fail_open_total",
            "[ALPHA] NoOpinion results due to webhook timeout or error.",
            *_CALL,
        )
        self._condition_errors = counter(
            "apiserver_authorization_match_condition_evaluation_errors_total",
            "[ALPHA] Total number of errors when an authorization webhook encounters a match condition error split by authorizer type "
            "and name.",
            *_AUTHORIZER,
        )
        self._exclusions = counter(
            "apiserver_authorization_match_condition_exclusions_total",
            "[ALPHA] Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.",
            *_AUTHORIZER,
        )
        self._condition_time = histogram(
            "apiserver_authorization_match_condition_evaluation_seconds",
            "[ALPHA] Authorization match condition evaluation time in seconds, split by authorizer type and name.",
            *_AUTHORIZER,
            bounds=_CONDITION_SECONDS,
        )
        self._reloads = counter(
            "apiserver_authorization_config_controller_automatic_reloads_total",
            "[BETA] Total number of automatic reloads of authorization configuration split by status and apiserver identity.",
            *_RELOAD,
        )
        self._reload_time = gauge(
            "apiserver_authorization_config_controller_automatic_reload_last_timestamp_seconds",
            "[BETA] Timestamp of the last automatic reload of authorization configuration split by status and apiserver identity.",
            *_RELOAD,
        )
        self._last = Computed(
            "apiserver_authorization_config_controller_last_config_info",
            "[ALPHA] Information about the last applied authorization configuration with hash as label, split by apiserver identity.",
            ("apiserver_id_hash", "hash"),
            lambda: {(self._server_id, self._configuration): 1.0} if self._configuration else {},
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [
            self._decisions,
            self._calls,
            self._call_time,
            self._failures,
            self._condition_errors,
            self._exclusions,
            self._condition_time,
            self._reloads,
            self._reload_time,
            self._last,
        ]

    def decisions(self, kind: str, name: str, verdict: str) -> Number:
        """Return what counts the decisions of an authorizer, `allow` or `deny`."""
        return self._decisions.labels(kind, name, "allowed" if verdict == "allow" else "denied")

    def called(self, name: str, result: str, seconds: float) -> None:
        """Count a call of a webhook: success, timeout, error or canceled."""
        self._calls.labels(name, result).inc()
        self._call_time.labels(name, result).observe(seconds)

    def failed_open(self, name: str, result: str) -> None:
        """Count a webhook that has no opinion because its last call ended like this."""
        self._failures.labels(name, result).inc()

    def conditions_evaluated(self, name: str, seconds: float, *, excluded: bool, failed: bool) -> None:
        """Count an evaluation of the match conditions of a webhook."""
        self._condition_time.labels("Webhook", name).observe(seconds)
        if excluded:
            self._exclusions.labels("Webhook", name).inc()
        if failed:
            self._condition_errors.labels("Webhook", name).inc()

    def loaded(self, configuration: bytes) -> None:
        """Record the text of the configuration that is effective."""
        self._configuration = _hash(configuration.decode("utf-8", "surrogateescape"))

    def reloaded(self, *, succeeded: bool) -> None:
        """Count a change of the configuration file."""
        labels = ("success" if succeeded else "failure", self._server_id)
        self._reloads.labels(*labels).inc()
        self._reload_time.labels(*labels).set(time.time())


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}" if text else ""
