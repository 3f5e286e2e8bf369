"""The metrics of encryption at rest.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/value/metrics.go,
staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/metrics/metrics.go
"""

import time

from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, counter, gauge, histogram

_SECONDS = tuple(5e-6 * 2**power for power in range(25))


class EncryptionMetrics:
    """The values encrypted and decrypted, and the reloads of the configuration."""

    def __init__(self) -> None:
        self._seconds = histogram(
            "apiserver_storage_transformation_duration_seconds",
            "[ALPHA] Latencies in seconds of value transformation operations.",
            *("transformation_type", "transformer_prefix"),
            bounds=_SECONDS,
        )
        self._operations = counter(
            "apiserver_storage_transformation_operations_total",
            "[ALPHA] Total number of transformations. Successful transformation will have a status 'OK' and a varied status string "
            "when the transformation fails. The status, resource, and transformation_type fields can be used for alerting purposes. "
            "For example, you can monitor for encryption/decryption failures using the transformation_type (e.g., from_storage for "
            "decryption and to_storage for encryption). Additionally, these fields can be used to ensure that the correct "
            "transformers are applied to each resource.",
            *("resource", "transformation_type", "transformer_prefix", "status"),
        )
        self._reloads = counter(
            "apiserver_encryption_config_controller_automatic_reloads_total",
            "[ALPHA] Total number of reload successes and failures of encryption configuration split by apiserver identity.",
            *("status", "apiserver_id_hash"),
        )
        self._reloaded = gauge(
            "apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds",
            "[ALPHA] Timestamp of the last successful or failed automatic reload of encryption configuration split by apiserver "
            "identity.",
            *("status", "apiserver_id_hash"),
        )

        self._applied: dict[tuple[str, ...], float] = {}
        self._current = Computed(
            "apiserver_encryption_config_controller_last_config_info",
            "[ALPHA] Information about the last applied encryption configuration with hash as label, split by apiserver identity.",
            ("apiserver_id_hash", "hash"),
            lambda: self._applied,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._seconds, self._operations, self._reloads, self._reloaded, self._current]

    def transformed(self, resource: str, direction: str, prefix: str, seconds: float, *, failed: bool) -> None:
        """Count a transformation, `from_storage` or `to_storage`, and its seconds unless it failed."""
        self._operations.labels(resource, direction, prefix, "Unknown" if failed else "OK").inc()
        if not failed:
            self._seconds.labels(direction, prefix).observe(seconds)

    def applied(self, identity: str, content: str) -> None:
        """Show the hash of the configuration in use."""
        self._applied = {(identity, content): 1.0}

    def reloaded(self, status: str, identity: str) -> None:
        """Count a reload: `success` or `failure`."""
        self._reloads.labels(status, identity).inc()
        self._reloaded.labels(status, identity).set(time.time())
