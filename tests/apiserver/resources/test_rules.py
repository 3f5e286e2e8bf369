"""What objects of other kinds are refused for, and in which words."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, created, refusals, updated

POD = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
RWO = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
PERCENT = "must not be greater than 100%"
NINES = "9" * 5000
NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def of(api_version: str, kind: str, fields: JSONObject) -> list[str]:
    namespace = "" if kind == "PersistentVolume" else "default"
    return refusals(an_object(api_version, kind, namespace=namespace, **fields))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"manualSelector": True, "selector": {"matchLabels": {"a": "c"}}},
            'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
        ),
        (
            {"completionMode": "Indexed", "parallelism": 2},
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        (
            {"completionMode": "x"},
            'spec.completionMode: Unsupported value: "x": supported values: "Indexed", "NonIndexed"',
        ),
    ],
)
def test_refuses_a_job(spec: JSONObject, why: str) -> None:
    """Its pods are its own, and each index needs a count."""
    assert of("batch/v1", "Job", {"spec": {"template": TEMPLATE, **spec}}) == [why]


def test_gives_jobs_their_selectors_itself() -> None:
    """A selector of the client's own is only taken by a job that says so."""
    (why,) = of("batch/v1", "Job", {"spec": {"template": TEMPLATE, "selector": {"matchLabels": {"a": "b"}}}})
    assert why.startswith("spec.selector: Invalid value: ")
    assert why.endswith(": `selector` not auto-generated")


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ("x x", "expected exactly 5 fields, found 2: [x x]"),
        ("² * * * *", 'failed to parse int from ²: strconv.Atoi: parsing "²": invalid syntax'),
        ("٣ * * * *", 'failed to parse int from ٣: strconv.Atoi: parsing "٣": invalid syntax'),
        ("*/٣ * * * *", 'failed to parse int from ٣: strconv.Atoi: parsing "٣": invalid syntax'),
        (f"{NINES} * * * *", f'failed to parse int from {NINES}: strconv.Atoi: parsing "{NINES}": value out of range'),
        ("@every ٣s", r'failed to parse duration @every ٣s: time: invalid duration "\xd9\xa3s"'),
        ("@often", "unrecognized descriptor: @often"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("-1 * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
    ],
)
def test_refuses_a_schedule(schedule: str, why: str) -> None:
    """The zone has a field of its own; what is wrong is told as the parser tells it."""
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": TEMPLATE}}}
    assert of("batch/v1", "CronJob", {"spec": spec}) == [f'spec.schedule: Invalid value: "{schedule}": {why}']


@pytest.mark.parametrize(
    ("rolling", "why"),
    [
        ({"maxUnavailable": "200%"}, f'maxUnavailable: Invalid value: "200%": {PERCENT}'),
        ({"maxSurge": -1}, "maxSurge: Invalid value: -1: must be greater than or equal to 0"),
        ({"maxSurge": "200%"}, ""),
    ],
)
def test_checks_how_a_deployment_rolls(rolling: JSONObject, why: str) -> None:
    """No more than all can be unavailable, but there may be more than twice as many for a while."""
    template = {**TEMPLATE, "spec": {"containers": POD["containers"]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template, "strategy": {"rollingUpdate": rolling}}
    assert of("apps/v1", "Deployment", {"spec": spec}) == ([f"spec.strategy.rollingUpdate.{why}"] if why else [])


@pytest.mark.parametrize(
    ("kind", "spec", "why"),
    [
        (
            "v1/PersistentVolume",
            {**RWO, "hostPath": {"path": "/a/../b"}},
            "hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
        ),
        (
            "v1/PersistentVolume",
            {**RWO, "hostPath": {"path": "/"}, "nfs": {"server": "s", "path": "/"}},
            "nfs: Forbidden: may not specify more than 1 volume type",
        ),
        (
            "v1/PersistentVolumeClaim",
            {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": 1}}, "volumeMode": "x"},
            'volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"',
        ),
        (
            "v1/ResourceQuota",
            {"hard": {"cpu": 1}, "scopes": ["BestEffort"]},
            'scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
        ),
        (
            "v1/ResourceQuota",
            {"hard": {"pods": 1}, "scopes": ["Terminating", "NotTerminating"]},
            'scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
        ),
        ("v1/ResourceQuota", {"hard": {"pods": "1.5"}}, 'hard[pods]: Invalid value: "1.5": must be an integer'),
        (
            "v1/LimitRange",
            {"limits": [{"type": "Pod", "default": {"cpu": 1}}]},
            "limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
        ),
        (
            "v1/LimitRange",
            {"limits": [{"type": "Pod"}, {"type": "Pod"}]},
            'limits[1].type: Duplicate value: "Pod"',
        ),
        (
            "v1/ResourceQuota",
            {"hard": {"cpu": "-1e400"}},
            'hard[cpu]: Invalid value: "-1e400": must be greater than or equal to 0',
        ),
    ],
)
def test_refuses_a_spec(kind: str, spec: Any, why: str) -> None:
    """Each for the one thing that is wrong with it."""
    api_version, _, name = kind.rpartition("/")
    assert of(api_version, name, {"spec": spec}) == [f"spec.{why}"]


def test_takes_quantities_beyond_all_floats() -> None:
    """A quota of 10^400 pods is an integer."""
    assert of("v1", "ResourceQuota", {"spec": {"hard": {"pods": "1e30", "services": "1e400", "cpu": "1e400"}}}) == []


def test_takes_data_that_is_null() -> None:
    """Bytes that are null are none, as they are to Go."""
    assert of("v1", "Secret", {"data": {"a": None}}) == []


def test_takes_what_quotas_count() -> None:
    """Standard resources, those of a class or a domain, and counts of any resource."""
    names = ["pods", "requests.cpu", "limits.memory", "count/deployments.apps", "hugepages-2Mi", "services.nodeports"]
    names += ["gold.storageclass.storage.k8s.io/requests.storage", "requests.example.com/gpu"]
    assert of("v1", "ResourceQuota", {"spec": {"hard": dict.fromkeys(names, 1)}}) == []


@pytest.mark.parametrize(
    ("kind", "fields", "change", "why"),
    [
        (
            "v1/PersistentVolume",
            {"spec": {**RWO, "hostPath": {"path": "/x"}}},
            {"spec": {"hostPath": {"path": "/y"}}},
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
        ),
        (
            "v1/PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
            {"spec": {"resources": {"requests": {"storage": "2Gi"}}}},
            (
                "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for "
                "bound claims"
            ),
        ),
        (
            "apps/v1/ControllerRevision",
            {"data": {"a": 1}, "revision": 1},
            {"data": {"a": 2}},
            'data: Invalid value: {"a":2}: field is immutable',
        ),
        (
            "v1/Pod",
            {"spec": {**POD, "activeDeadlineSeconds": 5}},
            {"spec": {"activeDeadlineSeconds": 6}},
            "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
        ),
        (
            "v1/Pod",
            {"spec": {**POD, "tolerations": [{"key": "a", "operator": "Exists"}]}},
            {"spec": {"tolerations": [{"key": "b", "operator": "Exists"}]}},
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ),
    ],
)
def test_refuses_a_change(kind: str, fields: JSONObject, change: JSONObject, why: str) -> None:
    """What was decided on creation stays."""
    api_version, _, name = kind.rpartition("/")
    namespace = "" if name == "PersistentVolume" else "default"
    old = created(an_object(api_version, name, namespace=namespace, **fields))
    assert updated(old, {})[1] == []
    assert updated(old, change)[1] == [why]
