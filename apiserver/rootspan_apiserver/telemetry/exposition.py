"""Metrics as text: in the format of Prometheus, or in OpenMetrics with the exemplars of sampled requests.

Families stand in alphabetical order, as kube-apiserver writes them.

Upstream: vendor/github.com/prometheus/common/expfmt/text_create.go, openmetrics_create.go
"""

from collections.abc import Iterable, Iterator

from rootspan_apiserver.kube.go_numbers import format_float
from rootspan_apiserver.telemetry.metric_types import AnyFamily, Sample

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def exposition(families: Iterable[AnyFamily], *, open_metrics: bool = False) -> bytes:
    """Return the families that have a sample."""
    lines: list[str] = []
    for family in sorted(families, key=lambda family: family.name):
        samples = list(family.samples())
        if not samples:
            continue
        name = family.name.removesuffix("_total") if open_metrics and family.kind == "counter" else family.name
        lines.append(f"# HELP {name} {_escaped(family.description)}")
        lines.append(f"# TYPE {name} {family.kind}")
        lines += (_line(family, sample, open_metrics) for sample in samples)
    return "".join(f"{line}\n" for line in [*lines, *(["# EOF"] if open_metrics else [])]).encode()


def _line(family: AnyFamily, sample: Sample, open_metrics: bool) -> str:
    pairs = ",".join(_pairs(family.names, sample))
    line = f"{family.name}{sample.suffix}{'{' + pairs + '}' if pairs else ''} {format_float(sample.value)}"
    if open_metrics and sample.exemplar is not None:
        line += f' # {{trace_id="{sample.exemplar.trace_id}"}} {format_float(sample.exemplar.value)}'
    return line


def _pairs(names: tuple[str, ...], sample: Sample) -> Iterator[str]:
    for name, value in sorted(zip(names, sample.labels, strict=True)):
        yield f'{name}="{_escaped(value, quotes=True)}"'
    if sample.bound:
        yield f'le="{sample.bound}"'


def _escaped(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("\n", r"\n")
    return escaped.replace('"', r"\"") if quotes else escaped
