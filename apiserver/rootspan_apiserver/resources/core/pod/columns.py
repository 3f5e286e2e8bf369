"""The table of pods.

Upstream: pkg/printers/internalversion/printers.go (printPod)
"""

from datetime import datetime

from rootspan_apiserver.kube.durations import human, parsed
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, condition, spec, status
from rootspan_apiserver.resources.columns import AGE, NAME, Column


def _statuses(item: JSONObject) -> list[JSONObject]:
    return status(item).get("containerStatuses") or []


def _ready(item: JSONObject, now: datetime) -> str:
    ready = sum(bool(each.get("ready")) and "running" in (each.get("state") or {}) for each in _statuses(item))
    return f"{ready}/{len(spec(item).get('containers') or [])}"


def _restarts(item: JSONObject, now: datetime) -> str:
    restarts = sum(int(each.get("restartCount") or 0) for each in _statuses(item))
    ended = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in _statuses(item)]
    moments = [moment for moment in map(parsed, ended) if moment is not None]
    return f"{restarts} ({human((now - max(moments)).total_seconds())} ago)" if restarts and moments else str(restarts)


def _address(item: JSONObject, now: datetime) -> str:
    addresses = [each.get("ip", "") for each in status(item).get("podIPs") or []]
    return str((addresses or [status(item).get("podIP")])[0] or NONE)


def _node(item: JSONObject, now: datetime) -> str:
    return str(spec(item).get("nodeName") or NONE)


def _nominated_node(item: JSONObject, now: datetime) -> str:
    return str(status(item).get("nominatedNodeName") or NONE)


def _readiness_gates(item: JSONObject, now: datetime) -> str:
    gates = spec(item).get("readinessGates") or []
    passed = sum(condition(item, gate.get("conditionType", "")).get("status") == "True" for gate in gates)
    return f"{passed}/{len(gates)}" if gates else NONE


def pod_reason(item: JSONObject) -> str:
    """Return the phase of a pod, or what explains it better."""
    state = status(item)
    reason = state.get("reason") or state.get("phase") or ""
    if condition(item, "PodScheduled").get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    starting = state.get("initContainerStatuses") or []
    for index, each in enumerate(starting):
        now = each.get("state") or {}
        ended, waiting = now.get("terminated"), now.get("waiting") or {}
        if ended is not None and not ended.get("exitCode"):
            continue
        if ended is not None:
            return f"Init:{_ending(ended)}"
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(spec(item).get('initContainers') or [])}"
    for each in reversed(state.get("containerStatuses") or []):
        now = each.get("state") or {}
        if (now.get("waiting") or {}).get("reason"):
            reason = now["waiting"]["reason"]
        elif now.get("terminated") is not None:
            reason = _ending(now["terminated"])
    if (item.get("metadata") or {}).get("deletionTimestamp"):
        if state.get("reason") == "NodeLost":
            return "Unknown"
        if state.get("phase") not in ("Succeeded", "Failed"):
            return "Terminating"
    return str(reason)


def _ending(terminated: JSONObject) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def row_conditions(item: JSONObject) -> list[JSONObject]:
    """Return what tells clients that a pod has ended."""
    phase = status(item).get("phase")
    if phase not in ("Succeeded", "Failed"):
        return []
    words = "The pod has completed successfully." if phase == "Succeeded" else "The pod failed."
    return [{"type": "Completed", "status": "True", "reason": phase, "message": words}]


COLUMNS = (
    NAME,
    Column("Ready", _ready, description="The containers that are ready, of all."),
    Column("Status", lambda obj, now: pod_reason(obj), description="The phase of the pod, or what explains it better."),
    Column("Restarts", _restarts, description="How often containers were started again, and when last."),
    AGE,
    Column("IP", _address, priority=1, description="The address of the pod."),
    Column("Node", _node, priority=1, description="The node that the pod is assigned to."),
    Column("Nominated Node", _nominated_node, priority=1, description="The node where others make room for the pod."),
    Column("Readiness Gates", _readiness_gates, priority=1, description="The further conditions that hold, of all."),
)
