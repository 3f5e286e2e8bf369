"""Rows of what makes pods."""

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
    ("", "ReplicationController"): replica_set,
    ("apps", "ControllerRevision"): controller_revision,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("batch", "CronJob"): cron_job,
    ("batch", "Job"): job,
}
