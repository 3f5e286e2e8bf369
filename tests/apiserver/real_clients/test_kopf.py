"""An operator made with kopf: finalizers by JSON patches, status by merge patches, events, children that go with their owner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import kopf
import pytest
from kubernetes_asyncio import client, config, watch

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import manifest

pytestmark = pytest.mark.anyio

WIDGET: dict[str, Any] = {"group": "example.com", "version": "v1", "plural": "widgets"}
WITHIN = 20.0


@asynccontextmanager
async def operating(env: Environment, namespace: str, registry: kopf.OperatorRegistry) -> AsyncIterator[None]:
    """An operator that watches one namespace."""
    user, cluster = env.kubeconfig["users"][0]["user"], env.kubeconfig["clusters"][0]["cluster"]

    def login(**_: Any) -> kopf.ConnectionInfo:
        authority = cluster["certificate-authority-data"]
        return kopf.ConnectionInfo(server=env.url, ca_data=authority, token=user["token"])

    kopf.on.login(registry=registry)(login)
    settings = kopf.OperatorSettings()
    settings.posting.enabled = True
    ready, stop = asyncio.Event(), asyncio.Event()
    operator = asyncio.create_task(
        kopf.operator(
            registry=registry,
            settings=settings,
            namespaces=[namespace],
            standalone=True,
            ready_flag=ready,
            stop_flag=stop,
        )
    )
    await asyncio.wait_for(ready.wait(), WITHIN)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(operator, WITHIN)


async def gone(list_function: Any, resource_version: str, **arguments: Any) -> None:
    """Wait until something is deleted of what `list_function` lists."""
    async with asyncio.timeout(WITHIN), watch.Watch() as watching:
        events = watching.stream(list_function, resource_version=resource_version, **arguments)
        while (await anext(events))["type"] != "DELETED":
            pass


@pytest.fixture
async def api(kube_apiserver: Environment) -> AsyncIterator[Any]:
    async with await config.new_client_from_config_dict(kube_apiserver.kubeconfig) as api:
        yield api


async def test_operator_makes_changes_and_clears_up(
    kube_apiserver: Environment, api: Any, namespace: str, widgets: None
) -> None:
    """A widget gets a finalizer, a status and a config map of its own; a change is handled; deletion waits for the operator."""
    registry = kopf.OperatorRegistry()
    handled: asyncio.Queue[tuple[str, int | None]] = asyncio.Queue()
    core: Any = client.CoreV1Api(api)
    custom: Any = client.CustomObjectsApi(api)

    @kopf.on.create(**WIDGET, id="create", registry=registry)
    async def create(body: kopf.Body, spec: kopf.Spec, patch: kopf.Patch, **_: Any) -> dict[str, str]:
        child = manifest("ConfigMap", "child", data={"size": str(spec["size"])})
        kopf.adopt(child, owner=body)
        await core.create_namespaced_config_map(namespace, child)
        patch.status["made"] = spec["size"]
        kopf.info(body, reason="Made", message="one child")
        await handled.put(("create", spec["size"]))
        return {"child": "child"}

    @kopf.on.update(**WIDGET, field="spec.size", registry=registry)
    async def update(new: Any, **_: Any) -> None:
        await handled.put(("update", new))

    @kopf.on.delete(**WIDGET, registry=registry)
    async def delete(**_: Any) -> None:
        await handled.put(("delete", None))

    async def took() -> tuple[str, int | None]:
        return await asyncio.wait_for(handled.get(), WITHIN)

    async with operating(kube_apiserver, namespace, registry):
        body = manifest("Widget", "w", "example.com/v1", spec={"size": 2})
        await custom.create_namespaced_custom_object(namespace=namespace, body=body, **WIDGET)
        assert await took() == ("create", 2)
        child = await core.read_namespaced_config_map("child", namespace)
        assert [owner.kind for owner in child.metadata.owner_references] == ["Widget"]
        change = [{"op": "replace", "path": "/spec/size", "value": 3}]
        await custom.patch_namespaced_custom_object(namespace=namespace, name="w", body=change, **WIDGET)
        assert await took() == ("update", 3)
        found = await custom.get_namespaced_custom_object(namespace=namespace, name="w", **WIDGET)
        assert (found["status"]["made"], found["status"]["create"]) == (2, {"child": "child"})
        assert found["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
        await custom.delete_namespaced_custom_object(namespace=namespace, name="w", **WIDGET)
        assert await took() == ("delete", None)
        await gone(
            custom.list_namespaced_custom_object, found["metadata"]["resourceVersion"], namespace=namespace, **WIDGET
        )
        await gone(core.list_namespaced_config_map, child.metadata.resource_version, namespace=namespace)
    assert "Made" in {event.reason for event in (await core.list_namespaced_event(namespace)).items}
