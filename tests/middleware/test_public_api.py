"""The public interface is small, and stays as it is unless somebody means it."""

import inspect
import subprocess
import sys

import rootspan
from rootspan import httpx, httpx2
from rootspan.testing import SpanRecorder, recording_provider, tree


def parameters(function: object) -> list[str]:
    assert callable(function)
    return [str(parameter).split(":")[0] for parameter in inspect.signature(function).parameters.values()]


def test_names() -> None:
    """What can be imported from the package itself."""
    assert rootspan.__all__ == [
        "Attributes",
        "ConfigurationError",
        "Continuation",
        "Scope",
        "TracingConfiguration",
        "TracingMiddleware",
        "create_tracer_provider",
    ]
    assert [member.name for member in rootspan.Continuation] == [
        "RESTART_WITHOUT_LINK",
        "RESTART_WITH_LINK",
        "CONTINUE",
    ]


def test_signatures() -> None:
    """What each of them takes."""
    assert parameters(rootspan.TracingMiddleware) == [
        "app",
        "tracer_provider",
        "span_name",
        "exclude",
        "continuation",
        "sensitive_parameters",
    ]
    arguments = [
        "tracer_provider",
        "span_name",
        "exclude",
        "sensitive_parameters",
        "send_baggage",
        "meter_provider",
    ]
    for library in (httpx, httpx2):
        assert parameters(library.TracingTransport) == ["transport", *arguments]
        assert parameters(library.AsyncTracingTransport) == ["transport", *arguments]
        assert parameters(library.traced) == ["client", *arguments]
    assert parameters(rootspan.create_tracer_provider) == [
        "configuration",
        "service_name",
        "endpoint",
        "sampling_rate_per_million",
        "insecure",
        "resource",
        "shutdown_timeout",
    ]
    assert parameters(rootspan.TracingConfiguration) == [
        "service_name",
        "endpoint",
        "sampling_rate_per_million",
        "insecure",
    ]
    assert parameters(recording_provider) == ["service", "sampler"]
    assert parameters(tree) == ["spans", "attributes", "events", "durations"]
    assert parameters(SpanRecorder.wait_for) == ["self", "count", "timeout"]


def test_library_needs_opentelemetry_only() -> None:
    """Nothing of the server's is loaded with it, and what speaks to a collector only when there is one."""
    program = (
        "import sys, rootspan\n"
        "rootspan.create_tracer_provider(sampling_rate_per_million=0)\n"
        "print(*({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    )
    absent = ["yaml", "grpc", "requests", "httpx", "starlette", "rootspan_apiserver"]
    done = subprocess.run(
        [sys.executable, "-c", program, *absent], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []
