"""The middleware on every ASGI server: one root span a request, with well-formed attributes, whatever the server leaves out."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rootspan_apiserver.collector import Collector

FORGED = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
COMMANDS = {
    "uvicorn with httptools": ["uvicorn", "--http=httptools", "--port={port}", "tests.matrix.served:app"],
    "uvicorn with h11": ["uvicorn", "--http=h11", "--port={port}", "tests.matrix.served:app"],
    "hypercorn": ["hypercorn", "--bind=127.0.0.1:{port}", "tests.matrix.served:app"],
    "granian": ["granian", "--interface=asgi", "--port={port}", "tests.matrix.served:app"],
    "daphne": ["daphne", "--port={port}", "tests.matrix.served:app"],
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def ask(port: int, request: bytes, process: subprocess.Popen[bytes]) -> bytes:
    """Send one request, as soon as the server listens, and return the whole answer."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request)
                parts = iter(lambda: connection.recv(65536), b"")
                return b"".join(parts)
        except ConnectionRefusedError:
            assert process.poll() is None, "the server ended"


@pytest.mark.parametrize("server", COMMANDS)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_request_has_one_root_span_on_every_server(server: str, version: str, collector: Collector) -> None:
    """The application sees the context of its own span; the port is a number, the version of the protocol is the conventions'."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [part.format(port=port) for part in COMMANDS[server]]
    environment = os.environ | {"COLLECTOR": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=root, env=environment, stderr=subprocess.DEVNULL)
    try:
        host = f"Host: [::1]:{port}\r\n" if version == "1.1" else ""
        head = (
            f"GET /orders/7?token=s HTTP/{version}\r\n{host}Connection: close\r\ntraceparent: {FORGED.decode()}\r\n\r\n"
        )
        answer = ask(port, head.encode(), process)
        assert collector.spans.when(lambda spans: len(spans) > 0).result(10)
        (span,) = collector.spans.snapshot()
    finally:
        process.terminate()
        process.wait(20)
    assert span.parent_id is None
    assert FORGED.split(b"-")[1] not in answer
    assert f"00-{span.trace_id}-{span.span_id}-01".encode() in answer
    assert span.attributes["server.port"] == port
    assert span.attributes["server.address"] == ("::1" if version == "1.1" else "127.0.0.1")
    assert span.attributes["network.protocol.version"] == version
    assert span.attributes["client.address"] == "127.0.0.1"
    assert span.attributes["url.query"] == "token=REDACTED"
