"""The table of pods.

Upstream: pkg/printers/internalversion/printers.go (printPod)
"""

from dataclasses import dataclass
from datetime import datetime

from rootspan_apiserver.kube.durations import human, parsed
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, condition, spec, status
from rootspan_apiserver.resources.columns import AGE, NAME, Column


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """How far the containers of a pod are; `ended` is when one ended last that was started again, None for never."""

    reason: str
    ready: int
    restarts: int
    ended: datetime | None


def _progress(item: JSONObject) -> _Progress:
    state = status(item)
    reason = str(state.get("reason") or state.get("phase") or "")
    if condition(item, "PodScheduled").get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    starting = state.get("initContainerStatuses") or []
    sidecars = [each for each in starting if each.get("name") in _sidecars(item)]
    started = [each for each in sidecars if each.get("started")]
    ready = sum(bool(each.get("ready")) for each in started)
    failing = _initializing(item, starting, started)
    if failing and condition(item, "Initialized").get("status") != "True":
        return _counted(failing, ready, starting)
    running = state.get("containerStatuses") or []
    well = [each for each in running if each.get("ready") and "running" in (each.get("state") or {})]
    for each in reversed(running):
        now = each.get("state") or {}
        if (now.get("waiting") or {}).get("reason"):
            reason = str(now["waiting"]["reason"])
        elif now.get("terminated") is not None:
            reason = _ending(now["terminated"])
    if reason == "Completed" and well:
        reason = "Running" if condition(item, "Ready").get("status") == "True" else "NotReady"
    return _counted(reason, ready + len(well), [*sidecars, *running])


def _counted(reason: str, ready: int, statuses: list[JSONObject]) -> _Progress:
    ended = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in statuses]
    moments = [moment for moment in map(parsed, ended) if moment is not None]
    restarts = sum(int(each.get("restartCount") or 0) for each in statuses)
    return _Progress(reason=reason, ready=ready, restarts=restarts, ended=max(moments, default=None))


def _sidecars(item: JSONObject) -> list[str]:
    """Return the names of the init containers that run as long as the pod."""
    return [each["name"] for each in spec(item).get("initContainers") or [] if each.get("restartPolicy") == "Always"]


def _initializing(item: JSONObject, starting: list[JSONObject], started: list[JSONObject]) -> str:
    """Return what the first init container that has not done its work is at, "" where all have."""
    for index, each in enumerate(starting):
        now = each.get("state") or {}
        ended, waiting = now.get("terminated"), now.get("waiting") or {}
        if each in started or (ended is not None and not ended.get("exitCode")):
            continue
        if ended is not None:
            return f"Init:{_ending(ended)}"
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(spec(item).get('initContainers') or [])}"
    return ""


def _ending(terminated: JSONObject) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _ready(item: JSONObject, now: datetime) -> str:
    return f"{_progress(item).ready}/{len(spec(item).get('containers') or []) + len(_sidecars(item))}"


def _reason(item: JSONObject, now: datetime) -> str:
    if (item.get("metadata") or {}).get("deletionTimestamp"):
        if status(item).get("reason") == "NodeLost":
            return "Unknown"
        if status(item).get("phase") not in ("Succeeded", "Failed"):
            return "Terminating"
    return _progress(item).reason


def _restarts(item: JSONObject, now: datetime) -> str:
    progress = _progress(item)
    if not progress.restarts or progress.ended is None:
        return str(progress.restarts)
    return f"{progress.restarts} ({human((now - progress.ended).total_seconds())} ago)"


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
    Column("Status", _reason, description="The phase of the pod, or what explains it better."),
    Column("Restarts", _restarts, description="How often containers were started again, and when last."),
    AGE,
    Column("IP", _address, priority=1, description="The address of the pod."),
    Column("Node", _node, priority=1, description="The node that the pod is assigned to."),
    Column("Nominated Node", _nominated_node, priority=1, description="The node where others make room for the pod."),
    Column("Readiness Gates", _readiness_gates, priority=1, description="The further conditions that hold, of all."),
)
