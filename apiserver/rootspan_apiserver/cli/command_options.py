"""The flags of every command but `rootspan apiserver`. An empty path or address is not given."""

from dataclasses import dataclass

from rootspan_apiserver.options.flags import boolean, flag, integer, ip_address, text

WEB = "127.0.0.1:16686"
"""Where the page of traces is served; the port is that of Jaeger's page."""


def host_and_port(value: str) -> str:
    """Return `value` if it is `host:port`. Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """The flags of `rootspan demo`."""

    keep: bool = flag(
        False,
        boolean,
        "Keep everything running afterwards, with a page of traces, and print how to continue with kubectl.",
    )
    web: str = flag("127.0.0.1:0", host_and_port, "Where to serve the page with --keep.", bare=WEB)
    html: str = flag("", text, "File to write the traces to, as a page that a browser opens without a server.")
    kubeconfig: str = flag(
        "", text, "Start nothing; send the requests to the server in this file, which is waited for."
    )
    server: str = flag("", text, "The address of that server, if not the one in the kubeconfig.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorOptions:
    """The flags of `rootspan collector`."""

    otlp_grpc_endpoint: str = flag("127.0.0.1:4317", text, "Where to receive spans, host:port or unix:///path.")
    web: str = flag("", host_and_port, f"Serve a page that shows the traces, without a value at {WEB}.", bare=WEB)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWebhooksOptions:
    """The flags of `rootspan sample-webhooks`."""

    bind_address: str = flag("127.0.0.1", ip_address, "The IP address on which to listen.")
    secure_port: int = flag(8443, integer, "The port on which to serve HTTPS. 0 takes any free one.")
    kubeconfig: str = flag("", text, "How to reach the API server. The file is waited for.")
    server: str = flag("", text, "The address of the API server, if not the one in the kubeconfig.")
    tls_server_name: str = flag("", text, "The name in the API server's certificate, if not the host of its address.")
    service: str = flag("webhooks", text, "The name of the Service by which the API server calls the webhooks.")
    namespace: str = flag("default", text, "The namespace of that Service.")
    tracing_config_file: str = flag("", text, "File with a TracingConfiguration in kube-apiserver's format.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceOptions:
    """The flags of `rootspan conformance`."""

    kubeconfig: str = flag(
        "", text, "The server to record, by the administrator's kubeconfig. Without it, one of our own is started."
    )
    otlp_grpc_endpoint: str = flag(
        "", text, "Where to receive the server's spans. Default: 127.0.0.1:4317 with --kubeconfig, else a free port."
    )
    webhook_bind_address: str = flag(
        "127.0.0.1", text, "The IP address to serve webhooks on; the server must reach it."
    )
    recording: str = flag("", text, "Record nothing; compare this file instead.")
    output: str = flag("", text, "File to write the recording to.")
    against: str = flag("", text, "The recording to compare with. Every difference is printed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdSnapshotOptions:
    """The flags of `rootspan etcd-snapshot`, which follow the action and the file."""

    data_dir: str = flag(
        "", text, "The directory of --data-dir of the server, which may run while a snapshot is saved."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdRepairOptions:
    """The flags of `rootspan etcd-repair`."""

    data_dir: str = flag("", text, "The directory of --data-dir of the server, which must not run.")
