"""The metrics of the process, and of the release that the server simulates.

Upstream: vendor/github.com/prometheus/client_golang/prometheus/process_collector.go, staging/src/k8s.io/component-base/metrics/version.go
"""

import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from prometheus_client import CollectorRegistry, ProcessCollector

from rootspan_apiserver.kube.release import GIT_COMMIT, GIT_VERSION, MAJOR, MINOR
from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, Family, Number, counter, gauge

_START = "process_start_time_seconds"


@cache
def _collector() -> ProcessCollector:
    return ProcessCollector(registry=CollectorRegistry())


def process_metrics() -> Iterator[AnyFamily]:
    """Yield what the kernel says of this process; nothing where it has no `/proc`."""
    for found in _collector().collect():
        made = (
            counter(f"{found.name}_total", found.documentation)
            if found.type == "counter"
            else gauge(found.name, found.documentation)
        )
        for sample in found.samples:
            made.labels().set(sample.value)
        yield made


def process_start_seconds() -> float:
    """Return the time when this process started, in seconds since the epoch; now where the kernel does not say."""
    return next((sample.value for sample in process_start().samples()), time.time())


def process_start() -> AnyFamily:
    """Return the time when this process started."""
    found = gauge(_START, "[ALPHA] Start time of the process since unix epoch in seconds.")
    for family in process_metrics():
        if family.name == _START:
            found.labels().set(next(family.samples()).value)
    return found


def release_metrics(emulated_version: str) -> Iterator[Family[Number]]:
    """Yield the metrics that name the release."""
    build = gauge(
        "kubernetes_build_info",
        "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, "
        "build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
        *(
            "major",
            "minor",
            "git_version",
            "git_commit",
            "git_tree_state",
            "build_date",
            "go_version",
            "compiler",
            "platform",
        ),
    )
    python = f"python{platform.python_version()}"
    build.labels(
        *(MAJOR, MINOR, GIT_VERSION, GIT_COMMIT, "clean", "1970-01-01T00:00:00Z", python, sys.implementation.name),
        f"{sys.platform}/{platform.machine()}",
    ).set(1.0)
    yield build
    version = gauge(
        "version_info",
        "[ALPHA] Provides the compatibility version info of the component. The component label is the name of the component, usually kube, "
        "but is relevant for aggregated-apiservers.",
        *("binary", "component", "emulation", "min_compat"),
    )
    version.labels(GIT_VERSION[1:].rpartition(".")[0], "kube", emulated_version, f"{MAJOR}.{int(MINOR) - 1}").set(1.0)
    yield version


def registered_metrics(families: Sequence[AnyFamily]) -> Computed:
    """Return the metric of how many metrics there are, itself among them, by the stability that their descriptions begin with."""
    levels = Counter(family.description[1:].partition("]")[0] for family in families if family.description[:1] == "[")
    levels["BETA"] += 1
    return Computed(
        "registered_metrics_total",
        "[BETA] The count of registered metrics broken by stability level and deprecation version.",
        ("stability_level", "deprecated_version"),
        lambda: {(level, ""): float(count) for level, count in levels.items()},
        kind="counter",
    )
