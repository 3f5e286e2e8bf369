"""What `rootspan apiserver` prints when it serves."""

from rootspan_apiserver.options.feature_gates import API_SERVER_TRACING
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.http import Address
from rootspan_apiserver.telemetry.tracer_provider import settings


def print_served(options: Options, address: Address) -> None:
    """Print where the server serves, and how kubectl finds it."""
    print(f"Serving the Kubernetes API on {address.url}", flush=True)
    print(tracing_line(options), flush=True)
    if options.write_kubeconfig:
        print(f"export KUBECONFIG={options.write_kubeconfig}", flush=True)


def tracing_line(options: Options) -> str:
    """Return the line that says how many requests are sampled and where their spans go."""
    configuration = options.tracing_configuration()
    if configuration is None:
        gate = f"the feature gate {API_SERVER_TRACING} is off"
        return f"Tracing: off, {gate if options.tracing_config_file else 'there is no --tracing-config-file'}"
    rate = f"{configuration.sampling_rate_per_million or 0:,} of 1,000,000 requests"
    return f"Tracing: {rate} to {settings(configuration.endpoint).target} (OTLP/gRPC)"
