"""Resource quotas: what the controller calculates, what admission counts and rejects, in a whole server."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

QUOTAS = "/api/v1/namespaces/default/resourcequotas"
MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


async def quota(client: Client, name: str, hard: JSONObject, **spec: Any) -> None:
    """Create a quota, and wait until its status is known."""
    await client.create(QUOTAS, "ResourceQuota", name, spec={"hard": hard, **spec})
    await client.until(f"{QUOTAS}/{name}", has_used(lambda used: used.keys() == hard.keys()))


def has_used(holds: Callable[[JSONObject], bool]) -> Callable[[JSONObject | None], bool]:
    return lambda obj: obj is not None and holds((obj.get("status") or {}).get("used") or {})


async def used(client: Client, name: str) -> JSONObject:
    found: JSONObject = (await client.send("GET", f"{QUOTAS}/{name}"))["status"]["used"]
    return found


def pod(name: str, cpu: str = "", **spec: Any) -> JSONObject:
    container: JSONObject = {"name": "c", "image": "nginx"}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


async def test_status_of_new_quota_counts_what_is_there() -> None:
    """`hard` is copied from the specification, and what nothing uses is 0; a quota that allows something else is calculated again."""
    async with cluster() as client:
        await client.create(MAPS, "ConfigMap", "c")
        await client.until_there(f"{MAPS}/kube-root-ca.crt")
        hard = {"configmaps": "5", "count/leases.coordination.k8s.io": "1", "cpu": "2", "services.nodeports": "1"}
        await quota(client, "q", hard)
        status = (await client.send("GET", f"{QUOTAS}/q"))["status"]
        assert status["hard"] == hard
        assert status["used"] == {
            "configmaps": "2",
            "count/leases.coordination.k8s.io": "0",
            "cpu": "0",
            "services.nodeports": "0",
        }
        change = {"spec": {"hard": {"count/configmaps": "1", "configmaps": None}}}
        await client.send("PATCH", f"{QUOTAS}/q", change, content_type="application/merge-patch+json")
        await client.until(f"{QUOTAS}/q", has_used(lambda found: found.get("count/configmaps") == "2"))
        assert "configmaps" not in await used(client, "q")


async def test_object_beyond_quota_is_rejected() -> None:
    """Each admitted object is counted when its creation is answered; the message shows requested, used and limited amounts."""
    async with cluster() as client:
        await client.until_there(f"{MAPS}/kube-root-ca.crt")
        await quota(client, "q", {"configmaps": "2", "count/secrets": "1"})
        await client.create(MAPS, "ConfigMap", "a")
        assert await used(client, "q") == {"configmaps": "2", "count/secrets": "0"}
        rejected = await client.rejected("POST", MAPS, {"metadata": {"name": "b"}})
        assert (rejected["code"], rejected["reason"]) == (403, "Forbidden")
        assert rejected["message"] == (
            'configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2'
        )
        assert rejected["details"] == {"name": "b", "kind": "configmaps"}
        managed = (await client.send("GET", f"{QUOTAS}/q"))["metadata"]["managedFields"]
        assert {each["manager"] for each in managed if each.get("subresource") == "status"} == {
            "kube-controller-manager",
            "kube-apiserver",
        }


async def test_deleted_object_leaves_room_for_another() -> None:
    """The controller counts again when a counted object is deleted, of a custom resource too."""
    async with cluster() as client:
        await client.until_there(f"{MAPS}/kube-root-ca.crt")
        names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }
        await client.create(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            "CustomResourceDefinition",
            "gadgets.example.com",
            api_version="apiextensions.k8s.io/v1",
            spec={"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]},
        )
        gadgets = "/apis/example.com/v1/namespaces/default/gadgets"
        hard = {"count/gadgets.example.com": "1", "configmaps": "2"}
        await quota(client, "q", hard)
        await client.create(gadgets, "Gadget", "g", api_version="example.com/v1")
        await client.create(MAPS, "ConfigMap", "a")
        again = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "h"}}
        assert "limited: count/gadgets.example.com=1" in (await client.rejected("POST", gadgets, again))["message"]
        await client.delete(f"{gadgets}/g")
        await client.until(f"{QUOTAS}/q", has_used(lambda found: found["count/gadgets.example.com"] == "0"))
        await client.send("POST", gadgets, again)
        await client.delete(f"{MAPS}/a")
        await client.until(f"{QUOTAS}/q", has_used(lambda found: found["configmaps"] == "1"))


async def test_pods_have_to_say_what_they_request() -> None:
    """A quota of cpu makes each container specify it; a pod that has ended does not count any more, but for `count/pods`."""
    async with cluster("--disable-admission-plugins=ServiceAccount") as client:
        await quota(client, "q", {"requests.cpu": "1", "pods": "2", "count/pods": "3"})
        rejected = await client.rejected("POST", PODS, pod("a"))
        words = 'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c'
        assert rejected["message"] == words
        await client.send("POST", PODS, pod("a", "750m"))
        rejected = await client.rejected("POST", PODS, pod("b", "500m"))
        assert rejected["message"].endswith(
            "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=750m, limited: requests.cpu=1"
        )
        ended = {"status": {"phase": "Succeeded"}}
        await client.send("PATCH", f"{PODS}/a/status", ended, content_type="application/merge-patch+json")
        await client.until(f"{QUOTAS}/q", has_used(lambda found: found["pods"] == "0"))
        assert await used(client, "q") == {"requests.cpu": "0", "pods": "0", "count/pods": "1"}
        await client.send("POST", PODS, pod("b", "500m"))


async def test_quota_counts_only_what_is_in_its_scope() -> None:
    """An update that takes a pod into the scope of a quota is counted, and rejected if that is full."""
    async with cluster("--disable-admission-plugins=ServiceAccount") as client:
        await quota(client, "ending", {"pods": "1"}, scopes=["Terminating"])
        await client.send("POST", PODS, pod("a"))
        assert await used(client, "ending") == {"pods": "0"}
        deadline = {"spec": {"activeDeadlineSeconds": 60}}
        merge = "application/merge-patch+json"
        await client.send("PATCH", f"{PODS}/a", deadline, content_type=merge)
        assert await used(client, "ending") == {"pods": "1"}
        await client.send("POST", PODS, pod("b"))
        rejected = await client.rejected("PATCH", f"{PODS}/b", deadline, content_type=merge)
        assert rejected["message"].startswith('pods "b" is forbidden: exceeded quota: ending, requested: pods=1')


async def test_update_is_counted_by_its_difference() -> None:
    """A service that becomes a NodePort uses its ports; the same again, nothing."""
    async with cluster() as client:
        services = "/api/v1/namespaces/default/services"
        await client.create(services, "Service", "web", spec={"ports": [{"port": 80, "name": "a"}]})
        await quota(client, "q", {"services": "2", "services.nodeports": "1"})
        change = {"spec": {"type": "NodePort"}}
        merge = "application/merge-patch+json"
        await client.send("PATCH", f"{services}/web", change, content_type=merge)
        assert await used(client, "q") == {"services": "2", "services.nodeports": "1"}
        more = {"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}}
        rejected = await client.rejected("PATCH", f"{services}/web", more, content_type=merge)
        assert "exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1" in rejected["message"]
        await client.send("PATCH", f"{services}/web", {"spec": {"type": "ClusterIP"}}, content_type=merge)
        await client.until(f"{QUOTAS}/q", has_used(lambda found: found["services.nodeports"] == "0"))


async def test_dry_run_is_checked_and_not_counted() -> None:
    """Any number of dry runs fit where one object does, and none where none does."""
    async with cluster() as client:
        secrets = "/api/v1/namespaces/default/secrets"
        await quota(client, "q", {"secrets": "1"})
        for _ in range(2):
            await client.create(f"{secrets}?dryRun=All", "Secret", "s")
        assert await used(client, "q") == {"secrets": "0"}
        await client.create(secrets, "Secret", "s")
        rejected = await client.rejected("POST", f"{secrets}?dryRun=All", {"metadata": {"name": "t"}})
        assert rejected["code"] == 403


async def test_simultaneous_creations_do_not_exceed_quota() -> None:
    """Of twenty creations at once, with five places and two quotas, five succeed."""
    async with cluster() as client:
        secrets = "/api/v1/namespaces/default/secrets"
        await quota(client, "q", {"count/secrets": "5"})
        await quota(client, "r", {"secrets": "7"})
        sent = (client.create(secrets, "Secret", f"s{index}") for index in range(20))
        answers = await asyncio.gather(*sent, return_exceptions=True)
        assert len([answer for answer in answers if isinstance(answer, dict)]) == 5
        assert len(await client.names(secrets)) == 5
        assert (await used(client, "q"), await used(client, "r")) == ({"count/secrets": "5"}, {"secrets": "5"})


async def test_quota_without_status_rejects_nothing() -> None:
    """Without the controller nothing is known of a quota; if usage alone is missing, what the quota counts is rejected."""
    async with cluster("--controllers=*,-resourcequota-controller") as client:
        hard = {"secrets": "0"}
        secrets = "/api/v1/namespaces/default/secrets"
        await client.create(QUOTAS, "ResourceQuota", "q", spec={"hard": hard})
        await client.create(secrets, "Secret", "s")
        status = {"status": {"hard": hard}}
        await client.send("PATCH", f"{QUOTAS}/q/status", status, content_type="application/merge-patch+json")
        rejected = await client.rejected("POST", secrets, {"metadata": {"name": "t"}})
        assert rejected["message"] == 'secrets "t" is forbidden: status unknown for quota: q, resources: secrets'
