"""The provider that the server makes of its tracing configuration: kube-apiserver's rules, which are not the library's."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from rootspan.otlp import OTLPSettings
from rootspan.tls import TLSFiles
from rootspan_apiserver.collector import Collector
from rootspan_apiserver.telemetry.tracer_provider import settings, tracer_provider
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

ALL = 1_000_000


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@contextmanager
def provider_of(configuration: TracingConfiguration | None) -> Iterator[TracerProvider]:
    provider = tracer_provider(configuration, Resource({"service.name": "apiserver"}), shutdown_timeout=0.4)
    try:
        yield provider
    finally:
        provider.shutdown()


def test_child_follows_its_parent_whatever_the_rate(collector: Collector) -> None:
    """A sampled parent has its child exported at rate 0, one that is not has its child dropped at rate 1,000,000."""
    for rate, flags in ((0, 1), (ALL, 0)):
        parent = NonRecordingSpan(SpanContext(0xA, 0xB, is_remote=True, trace_flags=TraceFlags(flags)))
        with provider_of(TracingConfiguration(collector.endpoint, rate)) as provider:
            provider.get_tracer("t").start_span("child", set_span_in_context(parent)).end()
    assert [span.parent_id for span in collector.spans.snapshot()] == [f"{0xB:016x}"]


ENVIRONMENTS = {
    "nothing": ({}, None, OTLPSettings("localhost:4317", {}, 10, False, None)),
    "the endpoint for all signals": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4317"},
        None,
        OTLPSettings("otel:4317", {}, 10, False, None),
    ),
    "the endpoint for traces goes before": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:2/path"},
        None,
        OTLPSettings("b:2", {}, 10, False, None),
    ),
    "an endpoint of the configuration goes before both, and stays in plain text": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a:1"},
        "c:3",
        OTLPSettings("c:3", {}, 10, False, None),
    ),
    "https alone does not turn TLS on": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a:1"},
        None,
        OTLPSettings("a:1", {}, 10, False, None),
    ),
    "a certificate does": (
        {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem"},
        "c:3",
        OTLPSettings("c:3", {}, 10, False, TLSFiles("/ca.pem")),
    ),
    "headers": (
        {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20YTpi, x-tenant = shop,broken,=none"},
        None,
        OTLPSettings("localhost:4317", {"authorization": "Basic YTpi", "x-tenant": "shop"}, 10, False, None),
    ),
    "times are in milliseconds": (
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "2500"},
        None,
        OTLPSettings("localhost:4317", {}, 2.5, False, None),
    ),
    "the batch's time-out bounds the exporter's": (
        {"OTEL_BSP_EXPORT_TIMEOUT": "500"},
        None,
        OTLPSettings("localhost:4317", {}, 0.5, False, None),
    ),
    "times that are none": (
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "soon", "OTEL_BSP_EXPORT_TIMEOUT": "-1"},
        None,
        OTLPSettings("localhost:4317", {}, 10, False, None),
    ),
    "compression": (
        {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "gzip"},
        None,
        OTLPSettings("localhost:4317", {}, 10, True, None),
    ),
    "a socket": ({}, "unix:///run/otel.sock", OTLPSettings("unix:/run/otel.sock", {}, 10, False, None)),
    "a relative socket": ({}, "unix://otel.sock", OTLPSettings("unix:otel.sock", {}, 10, False, None)),
    "an abstract socket": ({}, "unix-abstract://otel", OTLPSettings("unix-abstract:otel", {}, 10, False, None)),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_environment_means_what_it_means_to_kube_apiserver(case: str) -> None:
    """OTEL_EXPORTER_OTLP_* are read as opentelemetry-go reads them; what the configuration says goes before."""
    environment, endpoint, expected = ENVIRONMENTS[case]
    assert settings(endpoint, environment) == expected


def test_https_endpoint_of_the_environment_is_spoken_to_in_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """kube-apiserver asks for plain text; the first bytes are those of HTTP/2 without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"https://127.0.0.1:{listener.getsockname()[1]}")
        with provider_of(TracingConfiguration(None, ALL)) as provider:
            provider.get_tracer("t").start_span("one").end()
            provider.force_flush(1)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                assert connection.recv(3) == b"PRI"


@pytest.mark.parametrize("rate", [None, 0])
def test_configuration_without_a_rate_samples_no_new_trace(rate: int | None) -> None:
    """As in Kubernetes, and unlike in OpenTelemetry, the rate that is left out is none."""
    with provider_of(TracingConfiguration("localhost:1", rate)) as provider:
        root = provider.get_tracer("t").start_span("root")
        assert root.get_span_context().is_valid
        assert not root.is_recording()


def test_without_a_configuration_nothing_is_exported(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a child of a sampled parent is, and the parent's context is still the one that goes out."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.endpoint}")
    parent = NonRecordingSpan(SpanContext(0xA, 0xB, is_remote=True, trace_flags=TraceFlags(1)))
    with provider_of(None) as provider:
        child = provider.get_tracer("t").start_span("child", set_span_in_context(parent))
        child.end()
        assert child.get_span_context().trace_id == 0xA
    assert not collector.spans.snapshot()
