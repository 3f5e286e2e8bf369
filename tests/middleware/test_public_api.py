"""The public interface is small, and stays as it is unless somebody means it."""

import inspect

import rootspan
from rootspan import httpx, httpx2
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
    assert parameters(recording_provider) == ["service", "sampler"]
    assert parameters(tree) == ["spans", "attributes", "events", "durations"]
    assert parameters(SpanRecorder.wait_for) == ["self", "count", "timeout"]
