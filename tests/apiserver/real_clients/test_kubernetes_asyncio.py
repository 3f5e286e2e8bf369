"""kubernetes-asyncio: typed calls, watches and errors, in an event loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes_asyncio import client, config, watch

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import DEPLOYMENT, manifest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(kube_apiserver: Environment) -> AsyncIterator[Any]:
    async with await config.new_client_from_config_dict(kube_apiserver.kubeconfig) as api:
        yield api


async def test_objects_live_their_lives(api: Any, namespace: str) -> None:
    """A deployment is created with defaults, patched, scaled, read, and deleted."""
    apps: Any = client.AppsV1Api(api)
    body = manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT)
    made = await apps.create_namespaced_deployment(namespace, body)
    assert (made.spec.replicas, made.spec.strategy.type) == (1, "RollingUpdate")
    patched = await apps.patch_namespaced_deployment("web", namespace, {"spec": {"paused": True}})
    assert patched.spec.paused is True
    await apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    assert (await apps.read_namespaced_deployment("web", namespace)).spec.replicas == 3
    await apps.delete_namespaced_deployment("web", namespace)
    assert (await apps.list_namespaced_deployment(namespace)).items == []


async def test_watch_tells_what_happens(api: Any, namespace: str) -> None:
    """`watch=True`, as this client writes it, is a watch; each change comes once, in order."""
    core: Any = client.CoreV1Api(api)

    async def change() -> None:
        await core.create_namespaced_config_map(namespace, manifest("ConfigMap", "c", data={"a": "1"}))
        await core.patch_namespaced_config_map("c", namespace, {"data": {"a": "2"}})
        await core.delete_namespaced_config_map("c", namespace)

    changing = asyncio.create_task(change())
    seen = []
    async with watch.Watch() as watching:
        listed = {"field_selector": "metadata.name=c", "resource_version": "0", "timeout_seconds": 20}
        async for event in watching.stream(core.list_namespaced_config_map, namespace, **listed):
            seen.append((event["type"], event["object"].data))
            if event["type"] == "DELETED":
                break
    await changing
    assert seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})]


async def test_every_delete_answers_what_the_client_expects(api: Any, namespace: str) -> None:
    """The models of the answers are built: of an object where one is answered, of a status elsewhere."""
    core: Any = client.CoreV1Api(api)
    await core.create_namespaced_service(namespace, manifest("Service", "s", spec={"ports": [{"port": 80}]}))
    assert (await core.delete_namespaced_service("s", namespace)).metadata.name == "s"
    await core.create_namespaced_config_map(namespace, manifest("ConfigMap", "c"))
    assert (await core.delete_namespaced_config_map("c", namespace)).status == "Success"
    with pytest.raises(client.ApiException) as missing:
        await core.read_namespaced_config_map("c", namespace)
    assert (missing.value.status, missing.value.reason) == (404, "Not Found")
