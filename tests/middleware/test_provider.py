"""The tracer provider a configuration describes, exporting to a real collector, to a dead one, and to none."""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from rootspan import ConfigurationError, TracingConfiguration, create_tracer_provider
from rootspan.otlp_environment import batch_limits
from rootspan.testing import tree
from rootspan_apiserver.collector import Collector

ALL = 1_000_000


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def to(endpoint: str | None, rate: int = ALL) -> TracingConfiguration:
    return TracingConfiguration(endpoint=endpoint, sampling_rate_per_million=rate)


@contextmanager
def provider_of(configuration: TracingConfiguration) -> Iterator[TracerProvider]:
    provider = create_tracer_provider(configuration, resource=Resource({"service.name": "shop"}))
    try:
        yield provider
    finally:
        provider.shutdown()


@pytest.fixture(params=["refuses", "never answers"])
def dead_collector(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "never answers":
            listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_spans_reach_the_collector(collector: Collector) -> None:
    """A trace made with the provider arrives whole: names, kinds, parents, service and scope."""
    with provider_of(to(collector.endpoint)) as provider:
        tracer = provider.get_tracer("counter", "1.2")
        with tracer.start_as_current_span("buy", kind=trace.SpanKind.SERVER), tracer.start_as_current_span("pay"):
            pass
        assert provider.force_flush(5_000)
    spans = collector.spans.snapshot()
    assert tree(spans) == "buy SERVER shop\n└─ pay INTERNAL shop"
    assert {(span.scope.name, span.scope.version) for span in spans} == {("counter", "1.2")}
    assert {span.flags & 0xFF for span in spans} == {1}


@pytest.mark.parametrize(
    "form", ["{host}:{port}", "dns:///{host}:{port}", "dns://{host}:{port}", "DNS://{host}:{port}"]
)
def test_endpoint_may_be_any_form_of_an_address(form: str, collector: Collector) -> None:
    """A host and port is reached with and without the scheme gRPC calls it by."""
    host, _, port = collector.endpoint.rpartition(":")
    with provider_of(to(form.format(host=host, port=port))) as provider:
        provider.get_tracer("t").start_span("one").end()
        assert provider.force_flush(5_000)
    assert tree(collector.spans.snapshot()) == "one INTERNAL shop"


def test_proxy_of_the_environment_is_not_asked_for_a_collector_on_this_host(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`http_proxy` without a `no_proxy`, as many a desktop has it, does not keep spans from a local collector."""
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with provider_of(to(collector.endpoint)) as provider:
        provider.get_tracer("t").start_span("one").end()
        assert provider.force_flush(5_000)


def test_endpoint_may_be_a_unix_socket(tmp_path: Path) -> None:
    """`unix:///path` is a socket in the file system."""
    with Collector(f"unix://{tmp_path}/otlp.sock") as collector:
        with provider_of(to(collector.endpoint)) as provider:
            provider.get_tracer("t").start_span("one").end()
            assert provider.force_flush(5_000)
        assert tree(collector.spans.snapshot()) == "one INTERNAL shop"


def test_shutdown_hands_over_what_is_queued(collector: Collector) -> None:
    """Nothing that ended before the shutdown is lost, though the batch was not due yet."""
    with provider_of(to(collector.endpoint)) as provider:
        tracer = provider.get_tracer("t")
        for _ in range(1_300):
            tracer.start_span("one").end()
    assert len(collector.spans.snapshot()) == 1_300


def test_spans_are_sent_without_being_asked_for(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule delay, and a batch that is full, each send by themselves."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with provider_of(to(collector.endpoint)) as provider:
        provider.get_tracer("t").start_span("one").end()
        assert collector.spans.when(lambda spans: len(spans) == 1).result(10)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    with provider_of(to(collector.endpoint)) as provider:
        for _ in range(512):
            provider.get_tracer("t").start_span("one").end()
        assert collector.spans.when(lambda spans: len(spans) == 513).result(10)


def test_at_rate_0_nothing_is_sampled_and_the_context_still_propagates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A root span is not recorded, its context goes out with flag 00, and no variable of an exporter is even read."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
    threads = threading.active_count()
    with provider_of(to(None, 0)) as provider:
        with provider.get_tracer("t").start_as_current_span("root") as root:
            assert not root.is_recording()
            carrier: dict[str, str] = {}
            TraceContextTextMapPropagator().inject(carrier)
        context = root.get_span_context()
        assert context.is_valid
        assert carrier == {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-00"}
        assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("sampler", "argument", "expected"),
    [
        ("", "", "ParentBased{root:AlwaysOnSampler,"),
        ("traceidratio", "0.25", "TraceIdRatioBased{0.25}"),
        ("parentbased_always_off", "", "ParentBased{root:AlwaysOffSampler,"),
    ],
)
def test_without_a_rate_the_sampler_is_opentelemetrys(
    sampler: str, argument: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_TRACES_SAMPLER and its argument decide, and without them every new trace is sampled."""
    for name, value in (("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    with provider_of(TracingConfiguration(endpoint="localhost:1")) as provider:
        assert provider.sampler.get_description().startswith(expected)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    with provider_of(to("localhost:1", 500)) as provider:
        assert "TraceIdRatioBased{0.0005}" in provider.sampler.get_description()


def test_service_has_a_name(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The argument goes before the environment and before a resource; without any name, one warning says what to write."""
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)
    shop = Resource({"service.name": "other", "host.name": "a"})
    cases: list[tuple[Resource | None, str | None, str]] = [
        (None, "shop", "shop"),
        (shop, None, "other"),
        (shop, "shop", "shop"),
    ]
    for resource, service_name, expected in cases:
        provider = create_tracer_provider(service_name=service_name, endpoint="localhost:1", resource=resource)
        assert provider.resource.attributes["service.name"] == expected
        assert resource is None or provider.resource.attributes["host.name"] == "a"
        provider.shutdown()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "named")
    create_tracer_provider(endpoint="localhost:1").shutdown()
    create_tracer_provider(service_name="shop", endpoint="localhost:1").shutdown()
    monkeypatch.delenv("OTEL_SERVICE_NAME")
    create_tracer_provider(sampling_rate_per_million=0).shutdown()
    assert caplog.records == []
    create_tracer_provider(endpoint="localhost:1").shutdown()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "give create_tracer_provider a service_name, or set OTEL_SERVICE_NAME" in record.message


def test_configuration_and_its_fields_are_not_given_together() -> None:
    """Which of them would hold is not guessed; nothing but a configuration is taken for one."""
    with pytest.raises(TypeError, match=r"takes a configuration or endpoint, insecure, not both"):
        create_tracer_provider(to("localhost:1"), endpoint="localhost:2", insecure=True)
    with pytest.raises(TypeError, match=r"must be a TracingConfiguration, not str"):
        create_tracer_provider("shop")  # type: ignore[arg-type]  # what a checker would refuse


@pytest.mark.parametrize("seconds", [-1, float("nan"), "2", True])
def test_shutdown_time_out_is_a_number_of_seconds(seconds: float) -> None:
    """What could not bound a shutdown is refused when the provider is made."""
    with pytest.raises(ConfigurationError, match="shutdown_timeout must be a number of seconds, 0 or more"):
        create_tracer_provider(service_name="t", endpoint="localhost:1", shutdown_timeout=seconds)


def test_rate_is_per_million() -> None:
    """Of the 2**64 lower halves of a trace id, the first `rate` millionths are sampled."""
    first_unsampled = round(100 / 1_000_000 * 2**64)
    with provider_of(to("localhost:1", 100)) as provider:
        for trace_id, decision in (
            (first_unsampled - 1, Decision.RECORD_AND_SAMPLE),
            (first_unsampled, Decision.DROP),
            (2**127 + first_unsampled - 1, Decision.RECORD_AND_SAMPLE),
        ):
            assert provider.sampler.should_sample(None, trace_id, "root").decision is decision


def test_no_global_is_touched() -> None:
    """The provider is only ever the caller's: OpenTelemetry's global one stays as it was."""
    before = trace.get_tracer_provider()
    with provider_of(to("localhost:1")):
        assert trace.get_tracer_provider() is before


def test_dead_collector_delays_nothing_and_shutdown_by_its_time_out(
    dead_collector: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Spans end at once, a flush gives up when it was told to, and the shutdown keeps its 2 seconds and says what is lost."""
    provider = create_tracer_provider(to(dead_collector))
    tracer = provider.get_tracer("t")
    started = time.monotonic()
    for _ in range(600):
        tracer.start_span("one").end()
    ended = time.monotonic()
    flushed = provider.force_flush(300)
    gave_up = time.monotonic()
    provider.shutdown()
    closed = time.monotonic()
    assert not flushed
    assert ended - started < 1
    assert 0.25 < gave_up - ended < 1
    assert closed - gave_up <= 2.0
    assert "600 spans are lost" in caplog.text
    assert len(caplog.records) < 10


def test_shutdown_time_out_can_be_chosen(dead_collector: str) -> None:
    """A caller that cannot wait 2 seconds gives a shorter time-out."""
    provider = create_tracer_provider(to(dead_collector), shutdown_timeout=0.4)
    provider.get_tracer("t").start_span("one").end()
    started = time.monotonic()
    provider.shutdown()
    assert time.monotonic() - started < 1.0


def test_collector_that_comes_up_late_gets_the_spans() -> None:
    """An export that was refused is tried again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{listener.getsockname()[1]}"
    with provider_of(to(endpoint)) as provider:
        provider.get_tracer("t").start_span("one").end()
        assert not provider.force_flush(100)
        with Collector(endpoint) as collector:
            assert collector.spans.when(lambda spans: tree(spans)).result(10) == "one INTERNAL shop"


def test_full_queue_drops_and_says_so(
    dead_collector: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue never holds more than its bound; what does not fit is counted, in one line however much it is."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    provider = create_tracer_provider(to(dead_collector), shutdown_timeout=0.4)
    with caplog.at_level(logging.WARNING):
        provider.get_tracer("t").start_span("one").end()
        assert not provider.force_flush(100)
        for _ in range(1_000):
            provider.get_tracer("t").start_span("one").end()
        provider.shutdown()
    assert "11 spans are lost" in caplog.text


def test_flush_after_the_shutdown_fails_at_once_and_spans_are_ignored(collector: Collector) -> None:
    """The provider may still be used after its shutdown: nothing raises, nothing is exported."""
    with provider_of(to(collector.endpoint)) as provider:
        provider.get_tracer("t").start_span("one").end()
    provider.get_tracer("t").start_span("late").end()
    assert not provider.force_flush(1_000)
    assert tree(collector.spans.snapshot()) == "one INTERNAL shop"


FORKING = """
import os, sys
from rootspan import create_tracer_provider
provider = create_tracer_provider(service_name="w", endpoint=sys.argv[1], sampling_rate_per_million=1_000_000)
tracer = provider.get_tracer("t")
if sys.argv[2] != "nothing":
    tracer.start_span("before").end()
if sys.argv[2] == "exported":
    assert provider.force_flush(5_000)
for number in (1, 2):
    if os.fork() == 0:
        tracer.start_span(f"child {number}").end()
        flushed = provider.force_flush(5_000)
        provider.shutdown()
        os._exit(0 if flushed else 1)
statuses = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(2)]
tracer.start_span("after").end()
sys.exit(max(statuses))
"""


def fork(collector: Collector, before: str, **environment: str) -> tuple[int, list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, collector.endpoint, before],
        env=os.environ | environment,
        timeout=30,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, sorted(span.name for span in collector.spans.snapshot()), done.stderr


@pytest.mark.parametrize("before", ["nothing", "queued"])
def test_workers_forked_before_anything_was_exported_export_their_own_spans(before: str, collector: Collector) -> None:
    """Parent and children lose nothing and send nothing twice, and the exit of the parent flushes."""
    status, names, _ = fork(collector, before)
    assert status == 0
    assert names == ["after", *(["before"] if before == "queued" else []), "child 1", "child 2"]


def test_children_forked_after_an_export_lose_nothing(collector: Collector) -> None:
    """gRPC is told to support forks when it is loaded, so the children of a process that has exported export too."""
    status, names, _ = fork(collector, "exported")
    assert status == 0
    assert names == ["after", "before", "child 1", "child 2"]


def test_children_forked_after_an_export_say_that_their_spans_are_lost(collector: Collector) -> None:
    """Where fork support is turned off they export nothing, but neither hang nor crash, and their parent goes on as before."""
    status, names, errors = fork(collector, "exported", GRPC_ENABLE_FORK_SUPPORT="0")
    assert status == 1
    assert names == ["after", "before"]
    assert errors.count("this process was forked after its parent exported, its spans are lost") == 2


def test_process_ends_in_time_though_the_collector_is_dead(dead_collector: str) -> None:
    """Without any shutdown of its own a process ends about 2 seconds after its last line."""
    script = (
        "import sys, time\nfrom rootspan import create_tracer_provider\n"
        "provider = create_tracer_provider(service_name='t', endpoint=sys.argv[1], sampling_rate_per_million=1_000_000)\n"
        "provider.get_tracer('t').start_span('one').end()\nprint(time.time(), flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, dead_collector], timeout=30, check=True, capture_output=True, text=True
    )
    assert time.time() - float(done.stdout) < 3.5


def test_batch_limits_come_from_the_environment() -> None:
    """OTEL_BSP_* set the batches; a batch is never larger than the queue, and nonsense leaves the default."""
    limits = batch_limits({})
    assert (limits.max_queue_size, limits.max_export_batch_size, limits.schedule_delay) == (2048, 512, 5.0)
    limits = batch_limits({"OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_SCHEDULE_DELAY": "250"})
    assert (limits.max_queue_size, limits.max_export_batch_size, limits.schedule_delay) == (100, 100, 0.25)
    limits = batch_limits({"OTEL_BSP_MAX_QUEUE_SIZE": "many", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "0"})
    assert (limits.max_queue_size, limits.max_export_batch_size) == (2048, 512)


def test_resource_attributes_come_from_the_environment(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a resource of the caller's, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say who sends, gzipped if asked."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "named")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.endpoint}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    provider = create_tracer_provider(to(None))
    provider.get_tracer("t").start_span("one").end()
    provider.shutdown()
    (span,) = collector.spans.snapshot()
    assert span.service == "named"
    assert span.resource["deployment.environment.name"] == "test"
