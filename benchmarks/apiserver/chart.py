"""The chart of a comparison: CPU per request and throughput of each server, as an SVG of horizontal bars."""

from html import escape
from typing import Any

WIDTH, PANEL, LABELS, ROW, GAP, TOP = 900, 450, 150, 18, 12, 76
COLOURS = ("#2563eb", "#0d9488", "#9333ea", "#d97706", "#dc2626")
REFERENCE = "#94a3b8"
CONNECTIONS = {"get": 64, "list of 500": 16, "create": 16, "update": 16, "patch": 16}


def chart(found: dict[str, Any]) -> str:
    """Draw one bar for each server and operation; the last server, the reference, is grey."""
    servers = found["servers"]
    colours = dict(zip(servers, COLOURS, strict=False)) | {list(servers)[-1]: REFERENCE}
    rows = [
        key
        for operation, connections in CONNECTIONS.items()
        if (key := f"{operation}, {connections}") in next(iter(servers.values()))["loads"]
    ]
    height = TOP + len(rows) * (len(servers) * ROW + GAP) + 10
    panels = (
        ("cpu", "CPU per request (ms, less is better)", 3),
        ("throughput", "Requests per second (more is better)", 0),
    )
    drawn = [_legend(colours)]
    for number, (figure, title, digits) in enumerate(panels):
        left = number * PANEL
        drawn.append(f'<text x="{left + 12}" y="64" font-weight="600">{title}</text>')
        y = TOP
        for key in rows:
            values = {name: server["loads"][key][figure] for name, server in servers.items()}
            most = max(values.values())
            drawn.append(f'<text x="{left + LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(_label(key))}</text>')
            for name, value in values.items():
                length = max(2.0, value / most * (PANEL - LABELS - 70))
                drawn.append(
                    f'<rect x="{left + LABELS}" y="{y + 2}" width="{length:.1f}" height="{ROW - 4}" rx="2" '
                    f'fill="{colours[name]}"/><text x="{left + LABELS + length + 6:.1f}" y="{y + 14}">'
                    f"{value:,.{digits}f}</text>"
                )
                y += ROW
            y += GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#334155" role="img" aria-label="Servers compared">'
        '<rect width="100%" height="100%" fill="#ffffff"/>' + "".join(drawn) + "</svg>\n"
    )


def _label(key: str) -> str:
    operation, _, connections = key.rpartition(", ")
    return f"{operation}, {connections} conn."


def _legend(colours: dict[str, str]) -> str:
    parts, x = [], 12
    for name, colour in colours.items():
        parts.append(f'<rect x="{x}" y="18" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="28">{escape(name)}</text>')
        x += 36 + 7 * len(name)
    return "".join(parts)
