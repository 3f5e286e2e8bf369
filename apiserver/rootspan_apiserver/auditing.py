"""The audit backends that the options ask for.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/audit.go (ApplyTo)
"""

import contextlib
import os
from collections.abc import AsyncIterator

from rootspan import ConfigurationError
from rootspan_apiserver.audit.backend import Backend, PluginErrors, UnionBackend
from rootspan_apiserver.audit.log_backend import LogBackend
from rootspan_apiserver.audit.log_file import LogFile, LogOutput, Rotation, StandardOutput
from rootspan_apiserver.audit.policy import METADATA_POLICY
from rootspan_apiserver.audit.policy_file import read_policy
from rootspan_apiserver.audit.webhook import WebhookBackend
from rootspan_apiserver.clients.kubeconfig_client import KubeconfigClient
from rootspan_apiserver.clients.kubeconfig_file import read_kubeconfig
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics
from rootspan_apiserver.telemetry.tracing import Tracing


@contextlib.asynccontextmanager
async def auditing(options: Options, tracing: Tracing, metrics: AuditMetrics) -> AsyncIterator[Auditor | None]:
    """Record requests while the block runs; None where nothing is to be recorded.

    Raises:
        ConfigurationError: the policy or the configuration of the webhook is not valid, or the log cannot be opened.
    """
    policy = read_policy(options.audit_policy_file) if options.audit_policy_file else None
    errors, backends = PluginErrors(metrics), list[Backend]()
    async with contextlib.AsyncExitStack() as stack:
        if options.audit_log_path:
            log = LogBackend(audit_log(options), options.audit_log_format, errors)
            backends.append(options.audit_backend_options("log").wrap(log, errors))
        if options.audit_webhook_config_file:
            client = audit_webhook(options)
            stack.push_async_callback(client.aclose)
            webhook = WebhookBackend(client.post, options.audit_webhook_backoff, errors, tracing)
            backends.append(options.audit_backend_options("webhook").wrap(webhook, errors))
        if not backends:
            yield None
            return
        backend = await stack.enter_async_context(contextlib.aclosing(UnionBackend(backends)))
        yield Auditor(policy or METADATA_POLICY, backend, metrics)


def audit_log(options: Options) -> LogOutput:
    """Return where the audit log is written. Raises ConfigurationError."""
    path = options.audit_log_path
    if path == "-":
        return StandardOutput()
    rotation = Rotation(
        size=options.audit_log_maxsize,
        age=options.audit_log_maxage,
        backups=options.audit_log_maxbackup,
        compress=options.audit_log_compress,
    )
    try:
        return LogFile(path, rotation)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise ConfigurationError(f"ensureLogFile: open {error.filename}: {reason}") from error


def audit_webhook(options: Options) -> KubeconfigClient:
    """Return the client of the audit webhook. Raises ConfigurationError."""
    try:
        return KubeconfigClient(read_kubeconfig(options.audit_webhook_config_file))
    except ConfigurationError as error:
        raise ConfigurationError(f"initializing audit webhook: {error}") from error
