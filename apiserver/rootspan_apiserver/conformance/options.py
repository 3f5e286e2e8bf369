"""The flags of `rootspan conformance`."""

from dataclasses import dataclass

from rootspan_apiserver.options.flags import flag, text


@dataclass(frozen=True, slots=True)
class ConformanceOptions:
    """What to record and what to compare it with. A path left empty is not given."""

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
