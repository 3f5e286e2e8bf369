"""The results as ratios: what ours adds, over what the OpenTelemetry contrib instrumentation adds, in the same run."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the table: `ours` over `theirs`, both added CPU time in microseconds."""

    what: str
    ours: float
    theirs: float
    goal: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def ratios(results: dict[str, Any]) -> list[Ratio]:
    groups = results["in process"]
    served = results["under load"]

    def of(what: str, group: str, goal: float, ours: str = "rootspan", theirs: str = "contrib") -> Ratio:
        return Ratio(what, groups[group][ours], groups[group][theirs], goal)

    first = "unsampled request"
    return [
        of("unsampled request", first, 0.05),
        of("unsampled request, contrib as it is shipped", first, 0.03, theirs="contrib as shipped"),
        of("unsampled request, a sampler of the user's", first, 0.16, ours="rootspan, a sampler of the user's"),
        of("forged trace headers, over none", first, 1.1, ours="rootspan, forged trace headers", theirs="rootspan"),
        of("100 headers, over 8", first, 1.1, ours="rootspan, 100 headers", theirs="rootspan"),
        of("unsampled request, Starlette with 50 routes", "Starlette, 50 routes, unsampled", 0.03),
        of("unsampled httpx call", "httpx call, unsampled", 0.10),
        of("unsampled request with one httpx call", "a request and a call, unsampled", 0.08),
        of("sampled request", "sampled request", 0.35),
        of("sampled httpx call", "httpx call, sampled", 0.40),
        of("sampled request, exported over OTLP/gRPC (whole process)", "sampled request, exported", 0.60),
        Ratio("unsampled request, uvicorn under load", served["rootspan"]["added"], served["contrib"]["added"], 0.06),
    ]


PEERS = {
    "opentelemetry-instrumentation-asgi": ("unsampled request", "contrib as shipped"),
    "the same without send and receive spans": ("unsampled request", "contrib"),
    "opentelemetry-instrumentation-starlette": ("Starlette, 50 routes, unsampled", "contrib"),
    "opentelemetry-instrumentation-fastapi": ("FastAPI, unsampled", "contrib"),
    "opentelemetry-instrumentation-httpx": ("httpx call, unsampled", "contrib"),
    "Starlette's OpenTelemetryMiddleware": ("unsampled request", "Starlette's OpenTelemetryMiddleware"),
    "sentry-sdk": ("sentry-sdk, unsampled", "sentry-sdk"),
    "ddtrace": ("ddtrace, unsampled", "ddtrace"),
}
"""Each peer, the group that it was measured in, and its name there."""


def peers(results: dict[str, Any]) -> list[str]:
    """What each peer adds to a request or a call that is not sampled, and what ours adds to the same one."""
    width = max(len(peer) for peer in PEERS)
    lines = [f"{'not sampled, added CPU time':{width}}      ours    theirs   ratio"]
    for peer, (group, name) in PEERS.items():
        measured = results["in process"][group]
        ours, theirs = measured["rootspan"], measured[name]
        lines.append(f"{peer:{width}}  {ours:5.2f} us  {theirs:6.1f} us  {ours / theirs:5.3f}")
    return lines


def table(results: dict[str, Any]) -> str:
    """The ratios and, for the server under load, the throughput, as text for a terminal."""
    width = max(len(ratio.what) for ratio in ratios(results))
    lines = [f"{'added CPU time':{width}}      ours    theirs   ratio    goal"]
    lines += [
        f"{ratio.what:{width}}  {ratio.ours:5.2f} us  {ratio.theirs:6.1f} us  {ratio.ratio:5.3f}  <= {ratio.goal:.2f}"
        for ratio in ratios(results)
    ]
    lines += ["", *peers(results)]
    lines += ["", f"{'uvicorn under load':{width}}  CPU/request      added  requests/s  of bare"]
    lines += [
        f"{name:{width}}  {measured['cpu']:8.1f} us  {measured['added']:6.1f} us  {measured['rps']:10.0f}  "
        f"{measured['rps_ratio']:7.2f}"
        for name, measured in results["under load"].items()
    ]
    return "\n".join(lines)
