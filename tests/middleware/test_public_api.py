"""The public interface is small, and stays as it is unless somebody means it."""

import inspect

import rootspan
from rootspan.httpx import TracingTransport
from rootspan.testing import SpanRecorder, recording_provider, tree


def parameters(function: object) -> list[str]:
    assert callable(function)
    return [str(parameter).split(":")[0] for parameter in inspect.signature(function).parameters.values()]


def test_the_names() -> None:
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


def test_the_signatures() -> None:
    """What each of them takes."""
    assert parameters(rootspan.TracingMiddleware) == [
        "app",
        "tracer_provider",
        "span_name",
        "exclude",
        "continuation",
        "sensitive_parameters",
    ]
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
    assert parameters(TracingTransport) == ["transport", "tracer_provider"]
    assert parameters(recording_provider) == ["service", "sampler"]
    assert parameters(tree) == ["spans", "attributes", "events", "durations"]
    assert parameters(SpanRecorder.wait_for) == ["self", "count", "timeout"]
