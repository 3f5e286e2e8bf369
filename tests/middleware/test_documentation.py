"""Every example of the documentation runs, and gives the trace that is printed below it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "middleware.md"
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<trace>.*?)\n```\n)?", re.DOTALL)
EXAMPLES = list(EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")))

HARNESS = """
import asyncio, sys, types, warnings

import httpx

from rootspan.testing import recording_provider, tree

warnings.simplefilter("error")
tracing = types.ModuleType("tracing")
exec(sys.argv[1], tracing.__dict__)
# The provider of the page samples one request of ten thousand; this one has its service, and records all.
service = tracing.provider.resource.attributes["service.name"]
tracing.provider.shutdown()
tracing.provider, recorder = recording_provider(service=service)
sys.modules["tracing"] = tracing
example = types.ModuleType("example")
sys.modules["example"] = example
exec(compile(sys.stdin.read(), "example.py", "exec"), example.__dict__)

FORGED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "evil=1"}

async def main():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(example.app)) as client:
        response = await client.get("http://shop.example/orders/7", headers=FORGED)
    assert response.status_code == 200, response
    assert "0af7651916cd43dd8448eb211c80319c" not in repr(recorder.spans) + response.text
    print(tree(recorder.spans, attributes=["http.response.status_code"]))

asyncio.run(main())
"""


def run(program: str, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=f"line {example.string[: example.start()].count(chr(10)) + 1}")
        for example in EXAMPLES
        if "app = " in example["code"]
    ],
)
def test_example(example: re.Match[str]) -> None:
    """The example is an application; a request with forged trace headers gives the printed trace."""
    assert run(HARNESS, example["code"], EXAMPLES[0]["code"]) == (example["trace"] or "")


PROVIDERS = [example for example in EXAMPLES if "app = " not in example["code"]]


@pytest.mark.parametrize("example", PROVIDERS, ids=["local", "TLS"])
def test_provider_of_an_example(example: re.Match[str]) -> None:
    """It samples at the rate that it names, for the service that it names, and ends in time without a collector."""
    shown = "print(provider.sampler.get_description(), provider.resource.attributes['service.name'])"
    printed = run(f"import sys; exec(sys.stdin.read()); {shown}; provider.shutdown()", example["code"])
    assert "TraceIdRatioBased{0.0001}" in printed
    assert printed.endswith("} shop")


def test_there_are_examples_for_every_framework() -> None:
    """None of the examples is overlooked by the pattern that finds them."""
    text = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLES) == text.count("```python")
    for heading in ("Starlette", "FastAPI", "Litestar", "Quart", "Django", "Any ASGI application"):
        assert f"\n## {heading}\n\n" in text
