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
