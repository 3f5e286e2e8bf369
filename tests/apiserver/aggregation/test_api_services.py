"""APIServices: those of this server are registered and kept, and every condition says whether and why an API is available."""

import asyncio
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.api_priorities import BUILTIN
from rootspan_apiserver.resources.catalogue import builtin_registry
from tests.apiserver.aggregation.conftest import Cluster
from tests.apiserver.aggregation.parts import API_SERVICES, GROUP, api_service, client_of, until_condition
from tests.apiserver.conversion.parts import DEFINITIONS, widget_versions

pytestmark = pytest.mark.anyio
LOCAL = ("True", "Local", "Local APIServices are always available")


def condition(obj: JSONObject) -> tuple[str, str, str]:
    [found] = obj["status"]["conditions"]
    return found["status"], found["reason"], found["message"]


async def eventually(client: httpx.AsyncClient, path: str, wanted: Any) -> None:
    """Read an object until `wanted` is true of it, None standing for an object that is not there."""
    async with asyncio.timeout(10):
        while True:
            response = await client.get(path)
            if wanted(response.json() if response.is_success else None):
                return
            await asyncio.sleep(0.02)


def test_every_builtin_group_version_has_a_priority() -> None:
    """But that of the APIServices themselves, which have none."""
    served = {resource.kind.api_version for resource in builtin_registry().resources()}
    assert served - BUILTIN.keys() == {"apiregistration.k8s.io/v1"}
    assert BUILTIN.keys() <= served


async def test_builtin_groups_are_registered_without_requests() -> None:
    """The start counts no create of an APIService; kube-apiserver manages their labels and spec all the same, as one update."""
    async with Environment() as env, client_of(env) as client:
        [managed] = (await client.get(f"{API_SERVICES}/v1.apps")).json()["metadata"]["managedFields"]
        assert (managed["manager"], managed["operation"]) == ("kube-apiserver", "Update")
        assert managed["fieldsV1"].keys() == {"f:metadata", "f:spec"}
        counted = [
            line
            for line in (await client.get("/metrics")).text.splitlines()
            if line.startswith("apiserver_request_total{") and 'resource="apiservices"' in line
        ]
        assert any('verb="GET"' in line for line in counted)
        assert not any('verb="POST"' in line for line in counted)


async def test_builtin_groups_are_registered_at_the_start() -> None:
    """Each with its priorities; they are available. What a user deletes or changes stays so while the server runs."""
    async with Environment() as env, client_of(env) as client:
        listed = (await client.get(API_SERVICES)).json()["items"]
        found = {each["metadata"]["name"]: each for each in listed}
        assert len(found) == len(BUILTIN)
        assert found["v1."]["spec"] == {"version": "v1", "groupPriorityMinimum": 18000, "versionPriority": 1}
        apps = found["v1.apps"]
        assert apps["spec"] == {
            "group": "apps",
            "version": "v1",
            "groupPriorityMinimum": 17800,
            "versionPriority": 15,
        }
        assert apps["metadata"]["labels"] == {"kube-aggregator.kubernetes.io/automanaged": "onstart"}
        assert {condition(each) for each in listed} == {LOCAL}
        await client.delete(f"{API_SERVICES}/v1.apps")
        await custom_group(client, "order.example.com")
        await eventually(client, f"{API_SERVICES}/v2.order.example.com", lambda obj: obj is not None)
        assert (await client.get(f"{API_SERVICES}/v1.apps")).status_code == 404
        assert (await client.get("/apis/apps/v1/deployments")).status_code == 200


async def custom_group(client: httpx.AsyncClient, group: str) -> str:
    name = f"{DEFINITIONS}/widgets.{group}"
    spec = {"group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {**spec, "versions": widget_versions()},
    }
    created = await client.post(DEFINITIONS, json=body)
    assert created.status_code == 201, created.text
    return name


async def test_versions_of_custom_resources_are_kept(cluster: Cluster) -> None:
    """An APIService comes back when it is deleted or changed, and goes with the definition."""
    client, path = cluster.client, f"{API_SERVICES}/v2.kept.example.com"
    definition = await custom_group(client, "kept.example.com")
    await eventually(client, path, lambda obj: obj is not None)
    created = (await client.get(path)).json()
    assert created["spec"] == {
        "group": "kept.example.com",
        "version": "v2",
        "groupPriorityMinimum": 1000,
        "versionPriority": 100,
    }
    assert created["metadata"]["labels"] == {"kube-aggregator.kubernetes.io/automanaged": "true"}
    assert condition(created) == LOCAL
    await client.delete(path)
    uid = created["metadata"]["uid"]
    await eventually(client, path, lambda obj: obj is not None and obj["metadata"]["uid"] != uid)
    again = (await client.get(path)).json()
    again["spec"]["groupPriorityMinimum"] = 7
    assert (await client.put(path, json=again)).status_code == 200
    await eventually(client, path, lambda obj: obj["spec"]["groupPriorityMinimum"] == 1000)
    await client.delete(definition)
    await eventually(client, path, lambda obj: obj is None)


async def test_api_service_without_the_label_is_left_alone(cluster: Cluster) -> None:
    """Whoever made it keeps it, whatever this server serves."""
    client, path = cluster.client, f"{API_SERVICES}/v1.own.example.com"
    own = api_service(group="own.example.com", service=None, caBundle=None)
    own["metadata"]["name"] = "v1.own.example.com"
    assert (await client.post(API_SERVICES, json=own)).status_code == 201
    await custom_group(client, "own.example.com")
    await eventually(client, f"{API_SERVICES}/v2.own.example.com", lambda obj: obj is not None)
    assert (await client.get(path)).json()["spec"]["groupPriorityMinimum"] == 2000


async def test_service_has_to_be_there_and_have_endpoints(cluster: Cluster) -> None:
    """Where no flag says where the Service is, the reasons are those of kube-apiserver, each for the first fault."""
    client = cluster.client
    name, where = "v1.lost.example.com", 'service/lost in "default"'
    obj = api_service(group="lost.example.com", service={"namespace": "default", "name": "lost", "port": 8443})
    obj["metadata"]["name"] = name
    await client.post(API_SERVICES, json=obj)
    found = await until_condition(client, "ServiceNotFound", name)
    assert (found["status"], found["message"]) == ("False", f"{where} is not present")
    services = "/api/v1/namespaces/default/services"
    service = {"metadata": {"name": "lost"}, "spec": {"ports": [{"name": "web", "port": 80}]}}
    await client.post(services, json={"apiVersion": "v1", "kind": "Service", **service})
    found = await until_condition(client, "ServicePortError", name)
    assert found["message"] == f"{where} is not listening on port 8443"
    patch = {"spec": {"ports": [{"name": "https", "port": 8443}]}}
    headers = {"content-type": "application/merge-patch+json"}
    await client.patch(f"{services}/lost", json=patch, headers=headers)
    found = await until_condition(client, "EndpointsNotFound", name)
    assert found["message"] == f"cannot find endpointslices for {where}"
    await client.post(
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        json={
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "lost-1", "labels": {"kubernetes.io/service-name": "lost"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.7"]}],
            "ports": [{"name": "other", "port": 8443}],
        },
    )
    found = await until_condition(client, "MissingEndpoints", name)
    assert found["message"] == f'endpointslices for {where} have no addresses with port name "https"'
    answered = await client.get("/apis/lost.example.com/v1/things")
    assert (answered.status_code, answered.text) == (503, "service unavailable\n")
    assert GROUP not in answered.text
