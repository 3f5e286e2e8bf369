"""The cell that shows the metrics of a HorizontalPodAutoscaler: what is measured, and what is wanted.

Upstream: pkg/printers/internalversion/printers.go (formatHPAMetrics)
"""

from rootspan_apiserver.kube.durations import UNKNOWN
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, spec, status


def targets(item: JSONObject) -> str:
    """Return the first two metrics of an autoscaler as text, e.g. `cpu: 40%/80%, 1/2 + 1 more...`."""
    shown = []
    current = status(item).get("currentMetrics") or []
    for index, metric in enumerate(spec(item).get("metrics") or []):
        known = current[index] if index < len(current) else {}
        kind = metric.get("type", "")
        key = kind[:1].lower() + kind[1:]
        target, now = (metric.get(key) or {}).get("target") or {}, (known.get(key) or {}).get("current") or {}
        label = f"{metric[key].get('name', '')}: " if key in ("resource", "containerResource") else ""
        if "averageUtilization" in target:
            have = f"{now['averageUtilization']}%" if "averageUtilization" in now else UNKNOWN
            shown.append(f"{label}{have}/{target['averageUtilization']}%")
        elif "averageValue" in target:
            average = "" if key in ("resource", "containerResource", "pods") else " (avg)"
            shown.append(f"{label}{now.get('averageValue', UNKNOWN)}/{target['averageValue']}{average}")
        else:
            shown.append(f"{label}{now.get('value', UNKNOWN)}/{target.get('value', UNKNOWN)}")
    more = len(shown) - 2
    text = ", ".join(shown[:2])
    return f"{text} + {more} more..." if more > 0 else text or NONE
