"""Settings without effect, for warnings at startup."""

from collections.abc import Iterator

from rootspan_apiserver.admission.plugins.order import NOT_IMPLEMENTED
from rootspan_apiserver.options.feature_gates import API_SERVER_TRACING, HONOURED
from rootspan_apiserver.options.kube_flags import kube_flags
from rootspan_apiserver.options.options import Options


def idle_settings(options: Options) -> Iterator[str]:
    """Yield one sentence for each setting without effect, with the flag and the reason. `options` have been checked."""
    if absent := [name for name in options.disable_admission_plugins if name in NOT_IMPLEMENTED]:
        yield f"--disable-admission-plugins={','.join(absent)} changes nothing: there is no such plugin here"
    if idle := options.gates().idle():
        switchable = ", ".join(sorted(HONOURED))
        yield f"--feature-gates={','.join(idle)}: only {switchable} can be switched here"
    if options.tracing_config_file and not options.gates().enabled(API_SERVER_TRACING):
        yield f"--tracing-config-file changes nothing: the feature gate {API_SERVER_TRACING} is off"
    version, dialect = options.emulated_version, options.dialect()
    if not dialect.joins_traces and options.inbound_trace_context != "ignore":
        yield f"--inbound-trace-context changes nothing with --emulated-version={version}, which links no trace"
    if dialect.flushes_at_shutdown and options.flush_spans_at_shutdown:
        yield f"--flush-spans-at-shutdown changes nothing with --emulated-version={version}: spans are sent in any case"
    if not options.etcd_servers:
        for name in ("etcd_cafile", "etcd_certfile", "etcd_keyfile"):
            if getattr(options, name):
                yield f"--{name.replace('_', '-')} changes nothing without --etcd-servers"
    known = kube_flags()
    if given := [f"--{name}" for name, value in options.idle if value != known[name].shown()]:
        yield f"{', '.join(given)}: flags of kube-apiserver without an effect here"
    if options.cert_dir and options.tls_cert_file:
        yield "--cert-dir changes nothing with --tls-cert-file"
