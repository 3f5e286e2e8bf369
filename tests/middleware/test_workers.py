"""Servers with worker processes: no span of an answered request is lost, whenever the first span was, and whatever ends them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rootspan_apiserver.collector import Collector

APPLICATION = """
import os
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from rootspan import TracingMiddleware, create_tracer_provider

provider = create_tracer_provider(
    service_name="shop", endpoint=os.environ["COLLECTOR"], sampling_rate_per_million=1_000_000
)
provider.get_tracer("t").start_span("warm up").end()
assert provider.force_flush(10_000)

async def home(request):
    return PlainTextResponse(str(os.getpid()))

app = TracingMiddleware(Starlette(routes=[Route("/", home)]), tracer_provider=provider)
"""
COMMANDS = {
    "gunicorn": [
        "gunicorn",
        "--preload",
        "--workers=2",
        "--worker-class=uvicorn_worker.UvicornWorker",
        "--bind=fd://{fd}",
    ],
    "uvicorn": ["uvicorn", "--workers=2", "--fd={fd}"],
    "one uvicorn": ["uvicorn", "--fd={fd}"],
}
REQUESTS = 12


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def get(url: str, until: float) -> str:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise


@pytest.mark.parametrize("server", COMMANDS)
def test_workers_lose_no_span_of_an_answered_request(server: str, collector: Collector, tmp_path: Path) -> None:
    """A span is exported before the fork; each request that a worker answers before SIGTERM arrives, though no batch was due."""
    (tmp_path / "shop.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [part.format(fd=listener.fileno()) for part in COMMANDS[server]]
        environment = os.environ | {"COLLECTOR": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "shop:app"], cwd=tmp_path, env=environment, pass_fds=[listener.fileno()]
        )
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            for _ in range(REQUESTS):
                get(url, time.monotonic() + 30)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            assert collector.spans.when(lambda spans: sum(span.name == "GET /" for span in spans) >= REQUESTS).result(
                10
            )
        finally:
            process.kill()
            process.wait()
    names = [span.name for span in collector.spans.snapshot()]
    assert names.count("GET /") == REQUESTS
    assert "warm up" in names
