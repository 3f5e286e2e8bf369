"""The flags of `rootspan sample-webhooks`."""

from dataclasses import dataclass

from rootspan_apiserver.options.flags import flag, integer, ip_address, text


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWebhooksOptions:
    bind_address: str = flag("127.0.0.1", ip_address, "The IP address on which to listen.")
    secure_port: int = flag(8443, integer, "The port on which to serve HTTPS. 0 takes any free one.")
    kubeconfig: str = flag("", text, "How to reach the API server. The file is waited for.")
    server: str = flag("", text, "The address of the API server, if not the one in the kubeconfig.")
    tls_server_name: str = flag("", text, "The name in the API server's certificate, if not the host of its address.")
    service: str = flag("webhooks", text, "The name of the Service by which the API server is to know the webhooks.")
    namespace: str = flag("default", text, "The namespace of that Service.")
    tracing_config_file: str = flag("", text, "File with a TracingConfiguration, as kube-apiserver takes it.")
