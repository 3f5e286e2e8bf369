"""Frameworks that trace by themselves, inside the middleware, under a global tracer provider: they join this server's trace."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("inner_tracers.py")
pytestmark = pytest.mark.xdist_group("inner tracers")

FRAMEWORKS = ["fastapi", "fastapi and contrib", "starlette", "contrib", "litestar", "quart that extracts"]


@pytest.fixture(scope="module")
def recorded() -> dict[tuple[str, float, str], dict[str, Any]]:
    """What each framework recorded and sent, at each rate, for each kind of caller."""
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["framework"], line["rate"], line["headers"]): line for line in lines}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("headers", ["forged", "none"])
def test_inner_tracer_joins_the_trace_of_a_sampled_request(
    recorded: dict[tuple[str, float, str], dict[str, Any]], framework: str, headers: str
) -> None:
    """Twenty requests are twenty traces with one root each; nothing of the caller's context is recorded or sent on."""
    found = recorded[framework, 1.0, headers]
    roots = Counter(trace_id for trace_id, is_root, _ in found["spans"] if is_root)
    assert list(roots.values()) == [1] * 20
    assert {trace_id for trace_id, _, _ in found["spans"]} == set(roots)
    assert [value.split("-")[1] for value in found["outgoing"]] == list(roots)
    assert {value[-2:] for value in found["outgoing"]} == {"01"}
    assert not [evil for evil in ("1" * 32, "2" * 16, "evil") if evil in found["everything"]]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("headers", ["forged", "none"])
def test_inner_tracer_keeps_the_decision_of_an_unsampled_request(
    recorded: dict[tuple[str, float, str], dict[str, Any]], framework: str, headers: str
) -> None:
    """At one in a million, twenty requests record no span, whatever their callers send; the ids that go out are fresh."""
    found = recorded[framework, 1e-6, headers]
    assert found["spans"] == []
    sent = [value.split("-")[1] for value in found["outgoing"]]
    assert (len(sent), len(set(sent)), "1" * 32 in sent) == (20, 20, False)
    assert {value[-2:] for value in found["outgoing"]} == {"00"}


OUTSIDE = """
import asyncio, logging, sys
import httpx
from fastapi import FastAPI
from opentelemetry import trace
from rootspan import TracingMiddleware
from rootspan.testing import recording_provider

logging.basicConfig(stream=sys.stdout, format="%(name)s %(message)s", level=logging.WARNING)
provider, recorder = recording_provider()
trace.set_tracer_provider(provider)
api = FastAPI()
api.get("/")(lambda: "ok")
api.add_middleware(TracingMiddleware, tracer_provider=provider)

async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://shop.example") as caller:
        for headers in ({}, FORGED, FORGED):
            assert (await caller.get("/", headers=headers)).status_code == 200

asyncio.run(main())
"""


def test_tracer_outside_that_adopts_the_caller_is_logged_once() -> None:
    """FastAPI traces outside of its own middleware: that it adopts a caller's context is said in one line."""
    forged = 'FORGED = {"traceparent": "00-11111111111111111111111111111111-2222222222222222-01"}'
    done = subprocess.run(
        [sys.executable, "-c", forged + OUTSIDE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("rootspan.inner_scope another tracer runs outside of TracingMiddleware")


OTHER_FORMAT = """
import asyncio, logging, sys
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import TextMapPropagator
from rootspan import TracingMiddleware
from rootspan.testing import recording_provider

logging.basicConfig(stream=sys.stdout, format="%(name)s %(message)s", level=logging.WARNING)

class B3(TextMapPropagator):
    fields = {"b3"}
    def extract(self, carrier, context=None, getter=None):
        return context
    def inject(self, carrier, context=None, setter=None):
        pass

set_global_textmap(B3())
seen = []

async def app(scope, receive, send):
    seen.extend(name for name, _ in scope["headers"])

scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"b3", b"1"), (b"baggage", b"a=b"), (b"accept", b"*/*")]}
asyncio.run(TracingMiddleware(app, tracer_provider=recording_provider()[0])(scope, None, None))
assert seen == [b"accept", b"traceparent"], seen
assert [name for name, _ in scope["headers"]] == [b"b3", b"baggage", b"accept"]
"""


def test_headers_of_another_global_propagator_are_removed_and_that_is_logged() -> None:
    """A context that the global propagator would read in another format is not seen inside; the scope is given back as it came."""
    done = subprocess.run([sys.executable, "-c", OTHER_FORMAT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("rootspan.inner_scope the global propagator reads b3")
