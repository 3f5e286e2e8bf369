"""The options of audit: the policy, the log and the webhook.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/audit.go
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.audit.log_backend import FORMATS
from rootspan_apiserver.audit.modes import MODES, BackendOptions
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.options.flags import boolean, flag, integer, number, seconds, text

_VERSION = "audit.k8s.io/v1"
_INITIAL_BACKOFF = 10.0
_MODES = ", ".join(MODES)


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """The flags. Durations are in seconds; an empty string means that the option is not set."""

    audit_policy_file: str = flag("", text, "Path to the file that defines the audit policy configuration.")
    audit_log_path: str = flag(
        "",
        text,
        "File to log audit events to. '-' is standard out. Without a policy, every request has one event of level Metadata.",
    )
    audit_log_maxage: int = flag(366, integer, "The days for which old audit log files are retained. 0: for ever.")
    audit_log_maxbackup: int = flag(100, integer, "The number of old audit log files to retain. 0: all.")
    audit_log_maxsize: int = flag(
        100, integer, "The size in megabytes at which the audit log is rotated. 0 disables rotation."
    )
    audit_log_compress: bool = flag(False, boolean, "Compress rotated log files using gzip.")
    audit_log_format: str = flag("json", text, f"Format of saved audits: {', '.join(FORMATS)}.")
    audit_log_version: str = flag(_VERSION, text, "API group and version of audit events written to log.")
    audit_log_mode: str = flag("blocking", text, f"Strategy for sending audit events to the log: {_MODES}.")
    audit_log_batch_buffer_size: int = flag(10_000, integer, "The events to buffer before writing, in batch mode.")
    audit_log_batch_max_size: int = flag(1, integer, "The maximum size of a batch, in batch mode.")
    audit_log_batch_max_wait: float = flag(0.0, seconds, "The time after which a smaller batch is written.")
    audit_log_batch_throttle_enable: bool = flag(False, boolean, "Whether batching is throttled, in batch mode.")
    audit_log_batch_throttle_qps: float = flag(0.0, number, "Maximum average number of batches per second.")
    audit_log_batch_throttle_burst: int = flag(0, integer, "Maximum number of batches at the same moment.")
    audit_log_truncate_enabled: bool = flag(False, boolean, "Whether event and batch truncating is enabled.")
    audit_log_truncate_max_batch_size: int = flag(10 << 20, integer, "Maximum size of a batch, in bytes.")
    audit_log_truncate_max_event_size: int = flag(100 << 10, integer, "Maximum size of an event, in bytes.")
    audit_webhook_config_file: str = flag(
        "", text, "Path to a kubeconfig formatted file that defines the audit webhook configuration."
    )
    audit_webhook_initial_backoff: float = flag(
        _INITIAL_BACKOFF, seconds, "The amount of time to wait before retrying the first failed request."
    )
    audit_webhook_batch_initial_backoff: float = flag(
        _INITIAL_BACKOFF, seconds, "Deprecated, use --audit-webhook-initial-backoff instead."
    )
    audit_webhook_version: str = flag(_VERSION, text, "API group and version of audit events written to webhook.")
    audit_webhook_mode: str = flag("batch", text, f"Strategy for sending audit events to the webhook: {_MODES}.")
    audit_webhook_batch_buffer_size: int = flag(10_000, integer, "The events to buffer before sending, in batch mode.")
    audit_webhook_batch_max_size: int = flag(400, integer, "The maximum size of a batch, in batch mode.")
    audit_webhook_batch_max_wait: float = flag(30.0, seconds, "The time after which a smaller batch is sent.")
    audit_webhook_batch_throttle_enable: bool = flag(True, boolean, "Whether batching is throttled, in batch mode.")
    audit_webhook_batch_throttle_qps: float = flag(10.0, number, "Maximum average number of batches per second.")
    audit_webhook_batch_throttle_burst: int = flag(15, integer, "Maximum number of batches at the same moment.")
    audit_webhook_truncate_enabled: bool = flag(False, boolean, "Whether event and batch truncating is enabled.")
    audit_webhook_truncate_max_batch_size: int = flag(10 << 20, integer, "Maximum size of a batch, in bytes.")
    audit_webhook_truncate_max_event_size: int = flag(100 << 10, integer, "Maximum size of an event, in bytes.")

    def audit_backend_options(self, plugin: str) -> BackendOptions:
        """Return how events reach a backend: `log` or `webhook`."""

        def given(name: str) -> Any:
            return getattr(self, f"audit_{plugin}_{name}")

        return BackendOptions(
            mode=given("mode"),
            buffer_size=given("batch_buffer_size"),
            max_batch_size=given("batch_max_size"),
            max_batch_wait=given("batch_max_wait"),
            throttle=given("batch_throttle_enable"),
            qps=given("batch_throttle_qps"),
            burst=given("batch_throttle_burst"),
            concurrent=plugin == "webhook",
            truncate=given("truncate_enabled"),
            max_event_bytes=given("truncate_max_event_size"),
            max_batch_bytes=given("truncate_max_batch_size"),
        )

    @property
    def audit_webhook_backoff(self) -> float:
        """The seconds before a failed request is sent again for the first time, under either of its names."""
        if self.audit_webhook_initial_backoff != _INITIAL_BACKOFF:
            return self.audit_webhook_initial_backoff
        return self.audit_webhook_batch_initial_backoff

    def faults_of_audit(self) -> Iterator[str]:
        """Yield what is wrong with the flags of audit."""
        if self.audit_log_path:
            yield from self._faults_of_backend("log")
            if self.audit_log_format not in FORMATS:
                allowed = quote(",".join(FORMATS))
                yield f"invalid audit log format {self.audit_log_format}, allowed formats are {allowed}"
            for name in ("maxage", "maxbackup", "maxsize"):
                if (value := getattr(self, f"audit_log_{name}")) < 0:
                    yield f"--audit-log-{name} {value} can't be a negative number"
        if self.audit_webhook_config_file:
            yield from self._faults_of_backend("webhook")

    def _faults_of_backend(self, plugin: str) -> Iterator[str]:
        yield from self.audit_backend_options(plugin).faults(plugin)
        version: str = getattr(self, f"audit_{plugin}_version")
        if version.count("/") > 1:
            yield f"unexpected GroupVersion string: {version}"
        elif version != _VERSION:
            yield f"invalid group version, allowed versions are [{quote(_VERSION)}]"
