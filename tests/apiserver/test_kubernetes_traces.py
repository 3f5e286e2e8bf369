"""docs/kubernetes-traces.md: its files are what it says they are, and one of ten thousand requests is about ten of 100,000."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rootspan import TracingMiddleware
from rootspan.provider import sampler_of
from rootspan.testing import recording_provider
from rootspan_apiserver.cli.announcement import tracing_line
from rootspan_apiserver.options.options import Options

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/kubernetes-traces.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)
YAML = [yaml.safe_load(text) for language, text in BLOCKS if language == "yaml"]
REQUESTS = 100_000
COMPONENTS = {"receivers": {"otlp"}, "exporters": {"debug", "otlp_grpc"}}
"""What current collectors have of what such files name; `logging` and `jaeger` are refused, `otlp` as an exporter is deprecated."""


def refused(configuration: dict[str, Any]) -> set[str]:
    """Return the components of a collector's configuration that current collectors do not have."""
    return {
        name
        for section, known in COMPONENTS.items()
        for name in configuration[section]
        if name.partition("/")[0] not in known
    }


def test_collector_loads_today_what_the_page_says() -> None:
    """Not the file as printed in 2021, but the one below it and that of the containers; all have one pipeline from OTLP to exporters."""
    printed, current, _ = YAML
    ours = yaml.safe_load((ROOT / "deploy/collector.yaml").read_text("utf-8"))
    assert [refused(each) for each in (printed, current, ours)] == [{"logging"}, set(), set()]
    for each in (printed, current, ours):
        pipeline = each["service"]["pipelines"]["traces"]
        assert pipeline["receivers"] == list(each["receivers"]) == ["otlp"]
        assert pipeline["exporters"] == list(each["exporters"])


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ("true", "Tracing: 100 of 1,000,000 requests to localhost:4317 (OTLP/gRPC)"),
        ("false", "Tracing: off, the feature gate APIServerTracing is off"),
    ],
)
def test_file_of_the_example_traces_with_the_gate_only(gate: str, expected: str, tmp_path: Path) -> None:
    """The flags and the TracingConfiguration as printed; the page quotes the line that the server prints."""
    file = tmp_path / "tracing.yaml"
    (text,) = (text for language, text in BLOCKS if language == "yaml" and "TracingConfiguration" in text)
    file.write_text(text)
    flags = ["--emulated-version=1.22", f"--feature-gates=APIServerTracing={gate}", f"--tracing-config-file={file}"]
    assert tracing_line(Options.parse(flags)) == expected
    assert (expected in PAGE) == (gate == "true")


async def test_one_of_ten_thousand_is_sampled() -> None:
    """Of 100,000 requests with a sampled context of their own, about ten have a span: chance leaves 1 to 40 but once in 20,000 runs."""
    rate = YAML[2]["samplingRatePerMillion"]
    sampler = sampler_of(rate)
    assert sampler is not None
    provider, recorder = recording_provider(sampler=sampler)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    headers = [(b"traceparent", b"00-" + b"ab" * 16 + b"-" + b"cd" * 8 + b"-01")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    middleware = TracingMiddleware(application, tracer_provider=provider)
    for _ in range(REQUESTS):
        await middleware(dict(scope), receive, send)
    assert 1 <= len(recorder.spans) <= 40
    assert {span.parent_id for span in recorder.spans} == {None}
