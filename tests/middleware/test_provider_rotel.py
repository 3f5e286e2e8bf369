"""A collector that is not ours takes what the provider sends, and understands it."""

import os
import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import rotel  # type: ignore[import-untyped]  # the wheel brings a binary and no types
from opentelemetry.trace import SpanKind, Status, StatusCode

from rootspan import create_tracer_provider

AGENT = Path(rotel.__file__).parent / "rotel-agent"


class Rotel:
    """A running rotel agent that prints the spans it receives."""

    def __init__(self, process: "subprocess.Popen[str]", endpoint: str) -> None:
        self.endpoint = endpoint
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(line.strip())

    def printed(self, last: str) -> list[str]:
        """The lines printed until one says `last`."""
        lines: list[str] = []
        while last not in lines:
            lines.append(" ".join(self._lines.get(timeout=20).split()))
        return lines

    def join(self) -> None:
        self._reader.join(20)


@pytest.fixture
def agent() -> Iterator[Rotel]:
    with ExitStack() as held:
        bound = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        grpc, http = (f"127.0.0.1:{one.getsockname()[1]}" for one in bound)
    arguments = ["--debug-log", "traces", "--debug-log-verbosity", "detailed", "--exporter", "blackhole"]
    command = [str(AGENT), "start", *arguments, "--otlp-grpc-endpoint", grpc, "--otlp-http-endpoint", http]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"}
    ) as process:
        running = Rotel(process, grpc)
        try:
            yield running
        finally:
            process.terminate()
            process.wait(20)
            running.join()


def test_third_party_collector_prints_our_spans(agent: Rotel) -> None:
    """rotel, started at the same moment, receives the trace and prints ids, parents, kinds, status and attributes."""
    provider = create_tracer_provider(
        service_name="apiserver", endpoint=f"http://{agent.endpoint}", sampling_rate_per_million=1_000_000
    )
    tracer = provider.get_tracer("k8s.io/component-base/tracing")
    with tracer.start_as_current_span("POST /api/v1/nodes", kind=SpanKind.SERVER) as server:
        child = tracer.start_span("Create", attributes={"verb": "POST", "attempts": 2})
        child.set_status(Status(StatusCode.ERROR, "denied"))
        child.end()
    assert provider.force_flush(10_000)
    provider.shutdown()
    lines = agent.printed("Name : POST /api/v1/nodes")
    lines += agent.printed("Kind : SPAN_KIND_SERVER")
    trace_id, server_id = f"{server.get_span_context().trace_id:032x}", f"{server.get_span_context().span_id:016x}"
    for expected in (
        "-> service.name: Str(apiserver)",
        f"Trace ID : {trace_id}",
        f"Parent ID : {server_id}",
        f"ID : {server_id}",
        "Name : Create",
        "Kind : SPAN_KIND_INTERNAL",
        "Status code : STATUS_CODE_ERROR",
        "Status message : denied",
        "-> verb: Str(POST)",
        "-> attempts: Int(2)",
    ):
        assert expected in lines
