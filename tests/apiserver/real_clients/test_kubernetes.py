"""The official Python client where it goes beyond its generated calls: the dynamic client, server-side apply, and what deletes answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic, utils

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import DEPLOYMENT, POD, manifest


@pytest.fixture
def api(kube_apiserver: Environment) -> Iterator[Any]:
    connection: Any = config.new_client_from_config_dict(kube_apiserver.kubeconfig)  # type: ignore[no-untyped-call]  # it has no types there
    with connection as api:
        yield api


@pytest.fixture
def dynamic_client(api: Any, tmp_path: Path) -> Any:
    make: Any = dynamic.DynamicClient
    return make(api, cache_file=str(tmp_path / "discovery"))


def test_dynamic_client_finds_every_kind(dynamic_client: Any, namespace: str, widgets: None) -> None:
    """Built-in and custom kinds are discovered, created, patched in each way there is, and deleted."""
    of_widgets = dynamic_client.resources.get(api_version="example.com/v1", kind="Widget")
    of_widgets.create(namespace=namespace, body=manifest("Widget", "w", "example.com/v1", spec={"colour": "red"}))
    merge = "application/merge-patch+json"
    patch = {"metadata": {"name": "w"}, "spec": {"size": 3}}
    patched = of_widgets.patch(namespace=namespace, body=patch, content_type=merge)
    assert (patched.spec.size, patched.spec.colour) == (3, "red")
    scale = of_widgets.scale.get(namespace=namespace, name="w")
    assert scale.spec.replicas == 3
    assert [each.metadata.name for each in of_widgets.get(namespace=namespace).items] == ["w"]
    of_widgets.delete(namespace=namespace, name="w")
    deployments = dynamic_client.resources.get(api_version="apps/v1", kind="Deployment")
    body = manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT)
    applied = deployments.server_side_apply(namespace=namespace, body=body, field_manager="tester")
    assert [entry.manager for entry in applied.metadata.managedFields] == ["tester"]


def test_manifest_of_many_documents_is_created(api: Any, namespace: str) -> None:
    """`create_from_dict` makes each object of a list, and what is there already is one error of its kind."""
    objects = {"apiVersion": "v1", "kind": "List", "items": [manifest("ConfigMap", "a"), manifest("Secret", "b")]}
    create: Any = utils.create_from_dict
    create(api, objects, namespace=namespace)
    with pytest.raises(utils.FailToCreateError, match="AlreadyExists"):
        create(api, objects, namespace=namespace)


def test_deletes_answer_what_the_client_reads_into_a_model(api: Any, namespace: str) -> None:
    """Some kinds answer the object that was deleted, the others a status; the client takes nothing else."""
    core: Any = client.CoreV1Api(api)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    made = {
        "pod": manifest("Pod", "x", spec=POD),
        "service": manifest("Service", "x", spec={"ports": [{"port": 80}]}),
        "persistent_volume_claim": manifest("PersistentVolumeClaim", "x", spec=claim),
        "resource_quota": manifest("ResourceQuota", "x", spec={"hard": {"pods": "1"}}),
        "service_account": manifest("ServiceAccount", "x"),
        "pod_template": manifest("PodTemplate", "x", template={"spec": POD}),
        "secret": manifest("Secret", "x"),
        "config_map": manifest("ConfigMap", "x"),
        "endpoints": manifest("Endpoints", "x"),
        "limit_range": manifest("LimitRange", "x", spec={"limits": [{"type": "Pod"}]}),
    }
    answers = {}
    for kind, body in made.items():
        getattr(core, f"create_namespaced_{kind}")(namespace, body)
        answer = getattr(core, f"delete_namespaced_{kind}")("x", namespace)
        answers[kind] = answer["kind"] if isinstance(answer, dict) else type(answer).__name__
    assert {kind: name for kind, name in answers.items() if name != "Status"} == {
        "pod": "V1Pod",
        "service": "V1Service",
        "persistent_volume_claim": "V1PersistentVolumeClaim",
        "resource_quota": "V1ResourceQuota",
        "service_account": "V1ServiceAccount",
        "pod_template": "V1PodTemplate",
    }
