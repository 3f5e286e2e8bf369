"""What workloads warn of, on create and in updates."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.apps import daemon_set, deployment, replica_set, stateful_set
from rootspan_apiserver.resources.batch import cron_job, job
from rootspan_apiserver.resources.catalogue import builtin_resources
from rootspan_apiserver.resources.core import replication_controller
from rootspan_apiserver.resources.definition import Definition
from tests.apiserver.resources.apps.templates import CONTAINER, SELECTOR

PORTS = [{"name": "a", "containerPort": 80}, {"name": "b", "containerPort": 80}]
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{**CONTAINER, "ports": PORTS}]}}
OF_NAME = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
SPEC: JSONObject = {"selector": SELECTOR, "template": TEMPLATE}
KINDS = [
    (deployment.definition, SPEC, "spec.template", [OF_NAME]),
    (replica_set.definition, SPEC, "spec.template", [OF_NAME]),
    (replication_controller.definition, {"template": TEMPLATE}, "spec.template", [OF_NAME]),
    (daemon_set.definition, SPEC, "spec.template", []),
    (stateful_set.definition, SPEC, "spec.template", []),
    (job.definition, {"template": TEMPLATE}, "spec.template", [OF_NAME]),
    (cron_job.definition, {"schedule": "@daily", "jobTemplate": {"spec": {"template": TEMPLATE}}}, "spec.jobTemplate.spec.template", [OF_NAME]),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "spec", "template", "of_name"), KINDS)
def test_workload_warns(definition: Definition, spec: JSONObject, template: str, of_name: list[str]) -> None:
    """On create of its name and its template, in an update of the template alone, and only where something changed."""
    place = f"{template}.spec.containers[0].ports"
    of_port = f"{place}[1]: duplicate port definition with {place}[0]"
    strategy = next(iter(builtin_resources(definition))).strategy
    obj = {"metadata": {"name": "a.b", "namespace": "default", "generation": 1}, "spec": spec}
    strategy.default(obj)
    assert strategy.warnings(obj, None) == [*of_name, of_port]
    assert strategy.warnings(obj, obj) == []
    assert strategy.warnings({**obj, "metadata": {**obj["metadata"], "generation": 2}}, obj) == [of_port]
