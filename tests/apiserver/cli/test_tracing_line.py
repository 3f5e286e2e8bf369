"""The line about tracing that `rootspan apiserver` prints when it serves."""

from pathlib import Path

import pytest

from rootspan_apiserver.cli.announcement import tracing_line
from rootspan_apiserver.options.options import Options


@pytest.mark.parametrize(
    ("fields", "flags", "expected"),
    [
        ("samplingRatePerMillion: 100", [], "Tracing: 100 of 1,000,000 requests to localhost:4317 (OTLP/gRPC)"),
        ("endpoint: otel:55680", [], "Tracing: 0 of 1,000,000 requests to otel:55680 (OTLP/gRPC)"),
        (
            "samplingRatePerMillion: 1000000",
            ["--emulated-version=1.22", "--feature-gates=APIServerTracing=true"],
            "Tracing: 1,000,000 of 1,000,000 requests to localhost:4317 (OTLP/gRPC)",
        ),
        (
            "samplingRatePerMillion: 100",
            ["--emulated-version=1.22"],
            "Tracing: off, the feature gate APIServerTracing is off",
        ),
    ],
)
def test_line_says_what_is_sampled_and_where_spans_go(
    fields: str, flags: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate and the endpoint of the file; in the alpha nothing happens without the gate."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    version = "v1alpha1" if "--emulated-version=1.22" in flags else "v1"
    file = tmp_path / "tracing.yaml"
    file.write_text(f"apiVersion: apiserver.config.k8s.io/{version}\nkind: TracingConfiguration\n{fields}\n")
    assert tracing_line(Options.parse([f"--tracing-config-file={file}", *flags])) == expected


def test_line_without_a_file_says_so() -> None:
    """Tracing is off until a file turns it on."""
    assert tracing_line(Options.parse([])) == "Tracing: off, there is no --tracing-config-file"
