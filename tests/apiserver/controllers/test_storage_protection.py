"""Volumes, claims and volume attributes classes stay while they are in use, and go at once when they are not."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
PODS = "/api/v1/namespaces/default/pods"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/volumeattributesclasses"
SIZE = {"storage": "1Gi"}


async def _claim(client: Client, name: str, metadata: JSONObject | None = None, **spec: Any) -> JSONObject:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": SIZE}, **spec}
    return await client.create(CLAIMS, "PersistentVolumeClaim", name, metadata=metadata or {}, spec=spec)


async def _pod(client: Client, name: str, volume: JSONObject, node: str = "n1") -> JSONObject:
    spec: JSONObject = {"containers": [{"name": "c", "image": "i"}], "volumes": [{"name": "v", **volume}]}
    return await client.create(PODS, "Pod", name, spec={**spec, **({"nodeName": node} if node else {})})


def _of_claim(name: str) -> JSONObject:
    return {"persistentVolumeClaim": {"claimName": name}}


def _is_terminating(obj: JSONObject | None) -> bool:
    return obj is not None and "deletionTimestamp" in obj["metadata"]


async def test_unused_claim_is_deleted_at_once() -> None:
    """A pod without a node does not use the claim that it names."""
    async with cluster() as client:
        await _claim(client, "c1")
        await _pod(client, "waiting", _of_claim("c1"), node="")
        going = await client.delete(f"{CLAIMS}/c1")
        assert going["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
        await client.until_gone(f"{CLAIMS}/c1")


async def test_claim_stays_until_the_last_pod_that_uses_it_is_deleted() -> None:
    """Another claim, deleted later, is not held up by it."""
    async with cluster() as client:
        for name in ("used", "free"):
            await _claim(client, name)
        for name in ("p1", "p2"):
            await _pod(client, name, _of_claim("used"))
        for name in ("used", "free"):
            await client.delete(f"{CLAIMS}/{name}")
        await client.until_gone(f"{CLAIMS}/free")
        for name in ("p1", "p2"):
            assert _is_terminating(await client.send("GET", f"{CLAIMS}/used"))
            await client.send("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")
        await client.until_gone(f"{CLAIMS}/used")


async def test_claim_of_ephemeral_volume_is_used_by_its_pod_alone() -> None:
    """The claim has the name of pod and volume, and the pod as its controller."""
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": SIZE}}}
    async with cluster("--controllers=*,-garbage-collector-controller") as client:
        pod = await _pod(client, "p1", {"ephemeral": {"volumeClaimTemplate": template}})
        reference = {"apiVersion": "v1", "kind": "Pod", "name": "p1", "uid": pod["metadata"]["uid"]}
        await _claim(client, "p1-v", {"ownerReferences": [reference]})
        await client.delete(f"{CLAIMS}/p1-v")
        await client.until_gone(f"{CLAIMS}/p1-v")
        await _claim(client, "p1-v", {"ownerReferences": [{**reference, "controller": True}]})
        await client.delete(f"{CLAIMS}/p1-v")
        await _claim(client, "other")
        await client.delete(f"{CLAIMS}/other")
        await client.until_gone(f"{CLAIMS}/other")
        assert await client.names(CLAIMS) == ["p1-v"]
        await client.send("DELETE", f"{PODS}/p1?gracePeriodSeconds=0")
        await client.until_gone(f"{CLAIMS}/p1-v")


async def test_volume_stays_while_it_is_bound() -> None:
    """Its phase says so, which the controller of claims and volumes writes."""
    async with cluster() as client:
        spec = {"capacity": SIZE, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}
        for name in ("bound", "free"):
            await client.create(VOLUMES, "PersistentVolume", name, spec=spec)
        merge = "application/merge-patch+json"
        phase = f"{VOLUMES}/bound/status"
        await client.send("PATCH", phase, {"status": {"phase": "Bound"}}, content_type=merge)
        for name in ("bound", "free"):
            await client.delete(f"{VOLUMES}/{name}")
        await client.until_gone(f"{VOLUMES}/free")
        assert await client.names(VOLUMES) == ["bound"]
        await client.send("PATCH", phase, {"status": {"phase": "Released"}}, content_type=merge)
        await client.until_gone(f"{VOLUMES}/bound")


async def test_volume_attributes_class_stays_while_a_claim_names_it() -> None:
    """It goes when the last claim that names it does."""
    async with cluster() as client:
        for name in ("gold", "silver"):
            fields = {"driverName": "example.com", "parameters": {"iops": "9"}}
            api_version = "storage.k8s.io/v1"
            await client.create(CLASSES, "VolumeAttributesClass", name, api_version=api_version, **fields)
        await _claim(client, "c1", volumeAttributesClassName="gold")
        for name in ("gold", "silver"):
            await client.delete(f"{CLASSES}/{name}")
        await client.until_gone(f"{CLASSES}/silver")
        assert await client.names(CLASSES) == ["gold"]
        await client.delete(f"{CLAIMS}/c1")
        await client.until_gone(f"{CLASSES}/gold")


async def test_finalizer_of_present_object_comes_back() -> None:
    """As on an object that is older than the plugin."""
    async with cluster() as client:
        await _claim(client, "c1")
        await client.patch_metadata(f"{CLAIMS}/c1", finalizers=None)
        await client.until(
            f"{CLAIMS}/c1",
            lambda obj: obj is not None and obj["metadata"].get("finalizers") == ["kubernetes.io/pvc-protection"],
        )


async def test_claim_stays_without_protection_controller() -> None:
    """Switched off by the name of old; the finalizer holds."""
    async with cluster("--controllers=*,-pvc-protection") as client:
        await _claim(client, "c1")
        await client.delete(f"{CLAIMS}/c1")
        await client.create("/api/v1/namespaces", "Namespace", "later")
        await client.until_there("/api/v1/namespaces/later/serviceaccounts/default")
        assert _is_terminating(await client.send("GET", f"{CLAIMS}/c1"))
