"""What makes pods: defaults, rules, and what an update may change."""

import orjson
import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, created, refusals, updated

CONTAINER = {"name": "c", "image": "nginx"}
TEMPLATE = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [CONTAINER]}}
SELECTOR = {"matchLabels": {"app": "d"}}


def a_deployment(**spec: object) -> JSONObject:
    return an_object("apps/v1", "Deployment", spec={"selector": SELECTOR, "template": TEMPLATE, **spec})


def test_defaults_a_deployment() -> None:
    """Replicas, strategy and limits are filled in; the status is the server's alone."""
    deployment = created({**a_deployment(), "status": {"replicas": 9}})
    assert deployment["status"] == {}
    assert deployment["metadata"]["generation"] == 1
    spec = {key: value for key, value in deployment["spec"].items() if key not in ("selector", "template")}
    assert spec == {
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }


def test_refuses_an_empty_deployment_for_all_reasons_at_once() -> None:
    """The reasons come in the order in which the real server tells them."""
    assert refusals(an_object("apps/v1", "Deployment")) == [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
    ]


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("Deployment", ": invalid label selector"),
        ("ReplicaSet", ": invalid label selector"),
        ("DaemonSet", ": invalid label selector"),
        ("StatefulSet", ""),
    ],
)
@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ({"key": "a", "operator": "Near"}, '.operator: Invalid value: "Near": not a valid selector operator'),
        (
            {"key": "a", "operator": "In"},
            ".values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
    ],
)
def test_invalid_selector_is_refused_for_itself(kind: str, detail: str, expression: JSONObject, reason: str) -> None:
    """Nothing is said about the labels of the template, which no selector can match."""
    selector = {"matchExpressions": [expression]}
    workload = an_object("apps/v1", kind, spec={"selector": selector, "template": TEMPLATE})
    shown = orjson.dumps(selector).decode()
    assert refusals(workload) == [
        f"spec.selector.matchExpressions[0]{reason}",
        f"spec.selector: Invalid value: {shown}{detail}",
    ]


def test_counts_changes_of_the_spec_alone() -> None:
    """The generation grows with the desired state; an update of the spec leaves the status, and one of the status the spec."""
    deployment = created(a_deployment())
    scaled, errors = updated(deployment, {"spec": {"replicas": 3}, "status": {"replicas": 3}})
    assert (errors, scaled["metadata"]["generation"], scaled["status"]) == ([], 2, {})
    observed, errors = updated(scaled, {"spec": {"replicas": 5}, "status": {"replicas": 3}}, "status")
    assert errors == []
    assert (observed["metadata"]["generation"], observed["spec"]["replicas"]) == (2, 3)
    assert observed["status"] == {"replicas": 3}


def test_never_changes_a_selector() -> None:
    """A deployment keeps its selector for life."""
    _, errors = updated(created(a_deployment()), {"spec": {"selector": {"matchLabels": {"app": "e"}}}})
    refusal = 'spec.selector: Invalid value: {"matchLabels":{"app":"e"}}: field is immutable'
    assert refusal in errors


def test_gives_a_job_a_selector_of_its_own() -> None:
    """A job selects its pods by its own uid, and tells its template so."""
    template = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
    job = created(an_object("batch/v1", "Job", name="j", spec={"template": template}))
    uid = job["metadata"]["uid"]
    assert job["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert job["spec"]["template"]["metadata"]["labels"]["job-name"] == "j"
    assert (job["spec"]["completions"], job["spec"]["backoffLimit"]) == (1, 6)
    assert refusals(an_object("batch/v1", "Job", spec={"template": {"spec": {"containers": [CONTAINER]}}})) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"'
    ]


@pytest.mark.parametrize(
    ("schedule", "refused"),
    [("*/5 * * * *", False), ("0 0 1 jan mon", False), ("@hourly", False), ("* * * *", True), ("61 * * * *", True)],
)
def test_reads_schedules(schedule: str, refused: bool) -> None:
    """A cron job's schedule has five fields within their ranges, or a name."""
    job = {"spec": {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}}}
    errors = refusals(an_object("batch/v1", "CronJob", spec={"schedule": schedule, "jobTemplate": job}))
    assert [error.partition(":")[0] for error in errors] == ["spec.schedule"] * refused


def test_keeps_the_spec_of_a_stateful_set() -> None:
    """Only what can be rolled out may change."""
    stateful = created(an_object("apps/v1", "StatefulSet", spec={"selector": SELECTOR, "template": TEMPLATE}))
    _, errors = updated(stateful, {"spec": {"serviceName": "other"}})
    assert errors[0].startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas',")
    _, errors = updated(stateful, {"spec": {"replicas": 2}})
    assert errors == []


def test_lets_a_stateful_set_mount_a_claim_that_is_yet_to_be_made() -> None:
    """The volumes of its pods come from its claim templates, so its pods' specs are not held against the volumes they name."""
    pods = {"containers": [{**CONTAINER, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}
    template = {**TEMPLATE, "spec": pods}
    stateful = an_object("apps/v1", "StatefulSet", spec={"selector": SELECTOR, "template": template})
    assert refusals(stateful) == []
    assert refusals(a_deployment(template=template)) == [
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'
    ]


@pytest.mark.parametrize(
    ("kind", "named"), [("Deployment", "ReplicaSet"), ("DaemonSet", "DaemonSet"), ("StatefulSet", "StatefulSet")]
)
def test_refuses_workloads_with_a_deadline(kind: str, named: str) -> None:
    """What makes pods that are to stay cannot end them after a while, and says so for its own kind."""
    template = {**TEMPLATE, "spec": {"containers": [CONTAINER], "activeDeadlineSeconds": 5}}
    assert refusals(an_object("apps/v1", kind, spec={"selector": SELECTOR, "template": template})) == [
        f"spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in {named} is not Supported"
    ]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
        ({"rollingUpdate": {"partition": 2}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}),
        ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),
        ({"type": "OnDelete"}, {"type": "OnDelete"}),
        ({"rollingUpdate": {"maxUnavailable": 2}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
    ],
)
def test_stateful_set_rolls_from_the_first_pod_where_nothing_else_is_said(
    given: JSONObject | None, stored: JSONObject
) -> None:
    """The partition is filled in where the type is; the number of unavailable pods is a feature that is off."""
    spec = {"selector": SELECTOR, "template": TEMPLATE, **({} if given is None else {"updateStrategy": given})}
    assert created(an_object("apps/v1", "StatefulSet", spec=spec))["spec"]["updateStrategy"] == stored
