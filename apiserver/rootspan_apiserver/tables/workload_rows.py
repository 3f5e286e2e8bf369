"""Rows of pods and of what makes pods."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.durations import age, human, parsed
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import (
    NONE,
    condition,
    containers,
    count,
    created,
    labels,
    name,
    spec,
    status,
)
from rootspan_apiserver.selectors import shown_selector


def pod(item: JSONObject, now: datetime) -> list[Any]:
    wanted, state = spec(item), status(item)
    running = state.get("containerStatuses") or []
    ready = sum(bool(each.get("ready")) and "running" in (each.get("state") or {}) for each in running)
    restarts = sum(int(each.get("restartCount") or 0) for each in running)
    gates = wanted.get("readinessGates") or []
    passed = sum(condition(item, gate.get("conditionType", "")).get("status") == "True" for gate in gates)
    addresses = [each.get("ip", "") for each in state.get("podIPs") or []] or [state.get("podIP") or ""]
    return [
        name(item),
        f"{ready}/{len(wanted.get('containers') or [])}",
        pod_reason(item),
        _restarts(running, restarts, now),
        created(item, now),
        addresses[0] or NONE,
        wanted.get("nodeName") or NONE,
        state.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    ]


def _restarts(running: list[JSONObject], restarts: int, now: datetime) -> str:
    ended = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in running]
    moments = [moment for moment in map(parsed, ended) if moment is not None]
    return f"{restarts} ({human((now - max(moments)).total_seconds())} ago)" if restarts and moments else str(restarts)


def pod_reason(item: JSONObject) -> str:
    """The status column of a pod: its phase, or what explains it better."""
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


def pod_template(item: JSONObject, now: datetime) -> list[Any]:
    template = item.get("template") or {}
    return [name(item), *containers(template), labels((template.get("metadata") or {}).get("labels"))]


def deployment(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    return [
        name(item),
        f"{count(item, 'readyReplicas')}/{wanted.get('replicas', 0)}",
        count(item, "updatedReplicas"),
        count(item, "availableReplicas"),
        created(item, now),
        *containers(wanted.get("template")),
        shown_selector(wanted.get("selector")),
    ]


def replica_set(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    chosen = wanted.get("selector")
    return [
        name(item),
        wanted.get("replicas", 0),
        count(item, "replicas"),
        count(item, "readyReplicas"),
        created(item, now),
        *containers(wanted.get("template")),
        labels(chosen) if item.get("kind") == "ReplicationController" else shown_selector(chosen),
    ]


def stateful_set(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    ready = f"{count(item, 'readyReplicas')}/{wanted.get('replicas', 0)}"
    return [name(item), ready, created(item, now), *containers(wanted.get("template"))]


def daemon_set(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    nodes = ((wanted.get("template") or {}).get("spec") or {}).get("nodeSelector")
    return [
        name(item),
        count(item, "desiredNumberScheduled"),
        count(item, "currentNumberScheduled"),
        count(item, "numberReady"),
        count(item, "updatedNumberScheduled"),
        count(item, "numberAvailable"),
        labels(nodes),
        created(item, now),
        *containers(wanted.get("template")),
        shown_selector(wanted.get("selector")),
    ]


def job(item: JSONObject, now: datetime) -> list[Any]:
    wanted, state = spec(item), status(item)
    succeeded = count(item, "succeeded")
    if wanted.get("completions") is not None:
        completions = f"{succeeded}/{wanted['completions']}"
    elif (parallelism := wanted.get("parallelism") or 0) > 1:
        completions = f"{succeeded}/1 of {parallelism}"
    else:
        completions = f"{succeeded}/1"
    begun, done = parsed(state.get("startTime")), parsed(state.get("completionTime"))
    duration = human(((done or now) - begun).total_seconds()) if begun is not None else ""
    return [
        name(item),
        _job_status(item),
        completions,
        duration,
        created(item, now),
        *containers(wanted.get("template")),
        shown_selector(wanted.get("selector")),
    ]


def _job_status(item: JSONObject) -> str:
    for kind, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition(item, kind).get("status") == "True":
            return shown
    if (item.get("metadata") or {}).get("deletionTimestamp"):
        return "Terminating"
    for kind, shown in (
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ):
        if condition(item, kind).get("status") == "True":
            return shown
    return "Running"


def cron_job(item: JSONObject, now: datetime) -> list[Any]:
    wanted, state = spec(item), status(item)
    last = state.get("lastScheduleTime")
    template = ((wanted.get("jobTemplate") or {}).get("spec") or {}).get("template")
    chosen = ((wanted.get("jobTemplate") or {}).get("spec") or {}).get("selector")
    return [
        name(item),
        wanted.get("schedule", ""),
        wanted.get("timeZone") or NONE,
        str(wanted.get("suspend", "<unset>")),
        len(state.get("active") or []),
        age(last, now) if last else NONE,
        created(item, now),
        *containers(template),
        shown_selector(chosen),
    ]


def controller_revision(item: JSONObject, now: datetime) -> list[Any]:
    owners = (item.get("metadata") or {}).get("ownerReferences") or []
    owner = next((each for each in owners if each.get("controller")), None)
    shown = NONE
    if owner is not None:
        group = str(owner.get("apiVersion", "")).rpartition("/")[0]
        kind = str(owner.get("kind", "")).lower()
        shown = f"{kind}.{group}/{owner.get('name', '')}" if group else f"{kind}/{owner.get('name', '')}"
    return [name(item), shown, item.get("revision", 0), created(item, now)]


ROWS = {
    ("", "Pod"): pod,
    ("", "PodTemplate"): pod_template,
    ("", "ReplicationController"): replica_set,
    ("apps", "ControllerRevision"): controller_revision,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("batch", "CronJob"): cron_job,
    ("batch", "Job"): job,
}
