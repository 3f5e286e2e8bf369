"""The metrics of the tokens of service accounts.

Upstream: pkg/serviceaccount/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter


class ServiceAccountMetrics:
    """Counts the tokens that were used, by what they are.

    `valid` and `stale` tokens have a time to renew them; that of stale ones is past.
    """

    def __init__(self) -> None:
        kinds = {
            "valid_tokens": "valid projected service account tokens used",
            "stale_tokens": "stale projected service account tokens used",
            "legacy_tokens": "legacy service account tokens used",
            "legacy_auto_token_uses": "auto-generated legacy tokens used",
            "legacy_manual_token_uses": "manually created legacy tokens used",
            "invalid_legacy_auto_token_uses": "invalid auto-generated legacy tokens used",
        }
        self._families: dict[str, AnyFamily] = {}
        self._numbers = {}
        for name, what in kinds.items():
            family = counter(f"serviceaccount_{name}_total", f"[ALPHA] Cumulative {what}")
            self._families[name], self._numbers[name] = family, family.labels()

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return list(self._families.values())

    def used(self, kind: str) -> None:
        """Count one use of a token of a kind, e.g. `stale_tokens`."""
        self._numbers[kind].inc()
