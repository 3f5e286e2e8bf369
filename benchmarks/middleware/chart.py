"""The chart of the results: what each middleware adds to a request that is not sampled, as an SVG of horizontal bars."""

from html import escape
from typing import Any

WIDTH = 800
LABELS = 340
ROW = 30
OWN = "#2563eb"
OTHER = "#94a3b8"


def bars(results: dict[str, Any]) -> list[tuple[str, float]]:
    """Labels and microseconds, each scaled to this run's rootspan, in the order in which they are drawn."""
    groups = results["in process"]
    request = groups["unsampled request"]
    own = request["rootspan"]

    def scaled(group: str, name: str) -> float:
        return float(groups[group][name] / groups[group]["rootspan"] * own)

    return [
        ("rootspan", own),
        ("Starlette's OpenTelemetryMiddleware", request["Starlette's OpenTelemetryMiddleware"]),
        ("opentelemetry-instrumentation-asgi", request["contrib as shipped"]),
        ("the same without send and receive spans", request["contrib"]),
        ("sentry-sdk", scaled("sentry-sdk, unsampled", "sentry-sdk")),
        ("ddtrace", scaled("ddtrace, unsampled", "ddtrace")),
    ]


def chart(results: dict[str, Any]) -> str:
    drawn = bars(results)
    most = max(value for _, value in drawn)
    height = 64 + ROW * len(drawn)
    room = WIDTH - LABELS - 90
    rows = []
    for number, (label, value) in enumerate(drawn):
        y = 48 + ROW * number
        colour = OWN if label == "rootspan" else OTHER
        length = max(2.0, value / most * room)
        rows.append(
            f'<text x="{LABELS - 10}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>'
            f'<text x="{LABELS + length + 8:.1f}" y="{y + 15}">{value:.1f} µs</text>'
        )
    title = "CPU time added to a request that is not sampled (less is better)"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="14" fill="#334155" role="img" aria-label="{title}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="20" y="28" font-weight="600">{title}</text>'
        + "".join(rows)
        + "</svg>\n"
    )
