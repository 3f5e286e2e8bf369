"""Rows of autoscalers, in both their versions."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.tables.cell_texts import NONE, count, created, name, spec, status
from rootspan_apiserver.tables.durations import UNKNOWN


def autoscaler(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    target = wanted.get("scaleTargetRef") or {}
    low = wanted.get("minReplicas")
    return [
        name(item),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _targets(item),
        "<unset>" if low is None else str(low),
        wanted.get("maxReplicas", 0),
        count(item, "currentReplicas"),
        created(item, now),
    ]


def _targets(item: JSONObject) -> str:
    wanted, state = spec(item), status(item)
    if "metrics" not in wanted:
        target = wanted.get("targetCPUUtilizationPercentage")
        now = state.get("currentCPUUtilizationPercentage")
        return NONE if target is None else f"cpu: {f'{now}%' if now is not None else UNKNOWN}/{target}%"
    shown = []
    current = state.get("currentMetrics") or []
    for index, metric in enumerate(wanted["metrics"]):
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
