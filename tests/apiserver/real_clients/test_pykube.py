"""pykube-ng: queries, updates by merge patch, scaling, watching."""

from collections.abc import Iterator
from typing import Any

import pykube  # type: ignore[import-untyped]  # it has no types
import pytest

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import DEPLOYMENT, manifest


@pytest.fixture
def api(kube_apiserver: Environment) -> Iterator[Any]:
    api = pykube.HTTPClient(pykube.KubeConfig(kube_apiserver.kubeconfig))
    yield api
    api.session.close()


def placed(namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}


def test_objects_live_their_lives(api: Any, namespace: str) -> None:
    """A deployment is created, changed, scaled, found by its name and deleted."""
    deployment = pykube.Deployment(api, placed(namespace, manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT)))
    deployment.create()
    assert deployment.obj["spec"]["progressDeadlineSeconds"] == 600
    deployment.labels["tier"] = "front"
    deployment.update()
    deployment.patch({"spec": {"replicas": 3}})
    query = pykube.Deployment.objects(api, namespace=namespace)
    assert [(each.name, each.replicas) for each in query.filter(selector={"tier": "front"})] == [("web", 3)]
    assert query.get_by_name("web").labels == {"tier": "front"}
    deployment.delete(propagation_policy="Foreground")
    with pytest.raises(pykube.ObjectDoesNotExist):
        query.get_by_name("missing")


def test_refusal_carries_the_servers_words(api: Any, namespace: str) -> None:
    """What is wrong is in the exception, with the status code."""
    service = pykube.Service(api, placed(namespace, manifest("Service", "s", spec={"ports": [{"port": 0}]})))
    with pytest.raises(pykube.exceptions.HTTPError, match=r"spec\.ports\[0\]\.port") as refused:
        service.create()
    assert refused.value.code == 422


def test_watch_tells_what_happens(api: Any, namespace: str) -> None:
    """Each change of one object comes once, in order."""
    pykube.ConfigMap(api, placed(namespace, manifest("ConfigMap", "c", data={"a": "1"}))).create()
    seen = []
    for event in pykube.ConfigMap.objects(api, namespace=namespace).filter(field_selector="metadata.name=c").watch():
        seen.append((event.type, event.object.obj.get("data")))
        if event.type == "ADDED":
            event.object.patch({"data": {"a": "2"}})
        elif event.type == "MODIFIED":
            event.object.delete()
        else:
            break
    assert seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})]
