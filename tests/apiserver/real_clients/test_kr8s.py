"""kr8s: discovery by the old documents, objects of any kind, merge patches, waiting."""

from collections.abc import AsyncIterator
from typing import Any

import kr8s
import pytest
from kr8s.asyncio.objects import ConfigMap, Deployment, new_class

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import DEPLOYMENT, manifest

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Kubernetes version:UserWarning"),  # it names the versions it was tried with
]


@pytest.fixture
async def api(kube_apiserver: Environment, namespace: str) -> AsyncIterator[Any]:
    api = await kr8s.asyncio.api(kubeconfig=str(kube_apiserver.kubeconfig_path), namespace=namespace)
    yield api
    assert api._session is not None
    await api._session.aclose()  # it keeps its connections for as long as the process lives


async def test_server_says_what_it_is_and_has(api: Any) -> None:
    """Version, who asks, and every kind of resource."""
    assert (await api.version())["minor"] == "36"
    assert await api.whoami() == "kubernetes-admin"
    kinds = {resource["kind"] for resource in await api.api_resources()}
    assert {"Pod", "Deployment", "CronJob", "CustomResourceDefinition"} <= kinds


async def test_objects_live_their_lives(api: Any) -> None:
    """A deployment is created, labelled, scaled and deleted, and each step is seen."""
    deployment = await Deployment(manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT), api=api)
    await deployment.create()
    await deployment.label(tier="front")
    await deployment.patch({"spec": {"replicas": 3}})
    found = [each async for each in api.get("deployments", label_selector={"tier": "front"})]
    assert [(each.name, each.replicas) for each in found] == [("web", 3)]
    await deployment.delete()
    await deployment.wait("delete", timeout=20)
    assert not await deployment.exists()


async def test_custom_resources_are_found_by_their_short_name(api: Any, widgets: None) -> None:
    """A kind that came after the client looked is there all the same."""
    widget = await new_class("Widget", "example.com/v1", namespaced=True, plural="widgets")(
        manifest("Widget", "w", "example.com/v1", spec={"size": 2}), api=api
    )
    await widget.create()
    found = [each async for each in api.get("wd")]
    assert [(each.name, each.spec.size) for each in found] == [("w", 2)]


async def test_watch_tells_what_happens(api: Any) -> None:
    """Each change of one object comes once, in order."""
    config_map = await ConfigMap(manifest("ConfigMap", "c", data={"a": "1"}), api=api)
    await config_map.create()
    seen = []
    async for kind, each in api.watch("configmaps", field_selector={"metadata.name": "c"}):
        seen.append((kind, each.raw.get("data")))
        if kind == "ADDED":
            await config_map.patch({"data": {"a": "2"}})
        elif kind == "MODIFIED":
            await config_map.delete()
        else:
            break
    assert seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})]
