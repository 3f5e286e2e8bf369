"""The Scale of workloads and of custom resources: whose the replicas are, and what is refused."""

from typing import Any

import httpx
import pytest

from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import Server
from tests.apiserver.objects import SELECTOR, TEMPLATE

pytestmark = pytest.mark.anyio

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MERGE = {"content-type": "application/merge-patch+json"}
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}


def scale(name: str, replicas: int, **metadata: Any) -> dict[str, Any]:
    metadata = {"name": name, **metadata}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}


@pytest.fixture
async def web(client: httpx.AsyncClient) -> dict[str, Any]:
    """A deployment of one replica that `owner` created."""
    spec = {"replicas": 1, "selector": SELECTOR, "template": TEMPLATE}
    answer = await client.post(f"{DEPLOYMENTS}?fieldManager=owner", json={"metadata": {"name": "web"}, "spec": spec})
    created: dict[str, Any] = answer.json()
    return created


async def owners(client: httpx.AsyncClient, path: str) -> set[tuple[str, str, str, str]]:
    """Manager, operation, version and subresource of each entry that has the replicas."""
    entries = (await client.get(path)).json()["metadata"]["managedFields"]
    return {
        (each["manager"], each["operation"], each["apiVersion"], each.get("subresource", ""))
        for each in entries
        if "f:replicas" in each["fieldsV1"].get("f:spec", {})
    }


@pytest.mark.usefixtures("web")
async def test_apply_of_replicas_that_another_manager_has_returns_409(client: httpx.AsyncClient) -> None:
    """The conflict names the manager as the Scale sees it; with force the replicas change hands, in the object too."""
    path = f"{DEPLOYMENTS}/web/scale"
    refused = await client.patch(f"{path}?fieldManager=taker", json=scale("web", 5), headers=APPLY)
    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    message = 'Apply failed with 1 conflict: conflict with "owner" using autoscaling/v1: .spec.replicas'
    assert refused.json()["message"] == message
    assert refused.json()["details"]["causes"][0]["field"] == ".spec.replicas"
    assert await owners(client, f"{DEPLOYMENTS}/web") == {("owner", "Update", "apps/v1", "")}
    forced = await client.patch(f"{path}?fieldManager=taker&force=true", json=scale("web", 5), headers=APPLY)
    assert (forced.status_code, forced.json()["spec"]) == (200, {"replicas": 5})
    assert await owners(client, f"{DEPLOYMENTS}/web") == {("taker", "Apply", "apps/v1", "scale")}
    again = await client.patch(f"{path}?fieldManager=taker", json=scale("web", 6), headers=APPLY)
    assert again.json()["spec"] == {"replicas": 6}


@pytest.mark.usefixtures("web")
async def test_apply_of_scaled_replicas_to_object_returns_409(client: httpx.AsyncClient) -> None:
    """An update of the Scale takes the replicas; an apply of the object then conflicts with it, named with its subresource."""
    await client.patch(f"{DEPLOYMENTS}/web/scale?fieldManager=hpa", json={"spec": {"replicas": 3}}, headers=MERGE)
    assert await owners(client, f"{DEPLOYMENTS}/web") == {("hpa", "Update", "apps/v1", "scale")}
    configuration = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2},
    }
    refused = await client.patch(f"{DEPLOYMENTS}/web?fieldManager=git", json=configuration, headers=APPLY)
    assert refused.status_code == 409
    assert 'conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas' in refused.json()["message"]


async def test_scale_to_same_replicas_shares_ownership(client: httpx.AsyncClient) -> None:
    """Both keep an entry when the value is the same."""
    spec = {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}
    configuration = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "two"}, "spec": spec}
    await client.patch(f"{DEPLOYMENTS}/two?fieldManager=git", json=configuration, headers=APPLY)
    same = await client.patch(f"{DEPLOYMENTS}/two/scale?fieldManager=me", json=scale("two", 2), headers=APPLY)
    assert same.status_code == 200
    both = {("git", "Apply", "apps/v1", ""), ("me", "Apply", "apps/v1", "scale")}
    assert await owners(client, f"{DEPLOYMENTS}/two") == both


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    ("headers", "body", "status", "message"),
    [
        (APPLY, {**scale("web", 2), "kind": "Deployment"}, 400, "invalid object type: autoscaling/v1, Kind=Deployment"),
        (APPLY, {**scale("web", 2), "apiVersion": "apps/v1"}, 400, "invalid object type: apps/v1, Kind=Scale"),
        (APPLY, scale("web", 2, managedFields=[]), 400, "metadata.managedFields must be nil"),
        (APPLY, scale("other", 1), 400, "the name of the object (other) does not match the name on the URL (web)"),
        (STRATEGIC, {"$patch": "explode"}, 500, "unknown patch type: explode in map: map[$patch:explode]"),
        (
            MERGE,
            {"spec": {"replicas": "x"}},
            422,
            "cannot unmarshal string into Go struct field ScaleSpec.spec.replicas",
        ),
        (
            MERGE,
            {"spec": {"replicas": -2}},
            422,
            "spec.replicas: Invalid value: -2: must be greater than or equal to 0",
        ),
        (
            MERGE,
            {"kind": "Binding", "apiVersion": "v1"},
            422,
            "converting (v1.Binding) to (autoscaling.Scale): unknown",
        ),
        (
            MERGE,
            {"metadata": {"uid": "7"}},
            409,
            'on deployments/scale.apps "web": Precondition failed: UID in precondition: 7',
        ),
        (MERGE, {"metadata": {"resourceVersion": "1"}}, 409, "the object has been modified; please apply your changes"),
    ],
)
async def test_patch_of_a_scale_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], status: int, message: str
) -> None:
    """As a patch of any other object is; the replicas stay what they were."""
    answer = await client.patch(f"{DEPLOYMENTS}/web/scale?fieldManager=me", json=body, headers=headers)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert (await client.get(f"{DEPLOYMENTS}/web/scale")).json()["spec"] == {"replicas": 1}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (scale("web", 2, uid="7"), 409, "Precondition failed: UID in precondition: 7, UID in object meta: "),
        (
            scale("web", 2, namespace="far"),
            400,
            "the namespace of the provided object does not match the namespace sent on",
        ),
        (scale("other", 2), 400, "the name of the object (other) does not match the name on the URL (web)"),
        (
            scale("web", 2, labels={"-": "x"}),
            422,
            'Scale.autoscaling "web" is invalid: metadata.labels: Invalid value: "-"',
        ),
        (
            {**scale("web", 2), "kind": "Pod", "apiVersion": "v1"},
            400,
            "converting (v1.Pod) to (autoscaling.Scale): unknown",
        ),
    ],
)
async def test_put_of_a_scale_is_refused(
    client: httpx.AsyncClient, web: dict[str, Any], body: dict[str, Any], status: int, message: str
) -> None:
    """In kind, namespace, name and identity it must be the Scale of the path."""
    answer = await client.put(f"{DEPLOYMENTS}/web/scale", json=body)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    read = (await client.get(f"{DEPLOYMENTS}/web")).json()
    assert read["metadata"]["resourceVersion"] == web["metadata"]["resourceVersion"]


async def test_scale_of_an_object_that_is_not_there_returns_404(client: httpx.AsyncClient) -> None:
    """An apply too: a Scale creates nothing."""
    path = f"{DEPLOYMENTS}/gone/scale?fieldManager=me"
    for answer in (
        await client.get(path),
        await client.put(path, json=scale("gone", 1)),
        await client.patch(path, json=scale("gone", 1), headers=APPLY),
    ):
        assert (answer.status_code, answer.json()["message"]) == (404, 'deployments.apps "gone" not found')


GADGETS = "/apis/lab.example.org/v1/namespaces/default/gadgets"
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION: dict[str, Any] = {
    "spec": {
        "group": "lab.example.org",
        "names": {"plural": "gadgets", "kind": "Gadget"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": ANYTHING},
                "subresources": {
                    "scale": {
                        "specReplicasPath": ".spec.wanted.count",
                        "statusReplicasPath": ".status.count",
                        "labelSelectorPath": ".status.selector",
                    }
                },
            }
        ],
    },
}


@pytest.fixture
def gadgets(server: Server) -> httpx.AsyncClient:
    for resource in resources_of(DEFINITION):
        server.registry.add(resource)
    return server.client


def gadget(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "lab.example.org/v1", "kind": "Gadget", "metadata": {"name": "one"}, **fields}


async def test_scale_of_a_custom_resource_has_owners_too(gadgets: httpx.AsyncClient) -> None:
    """Under the path that the definition names; an apply ends in an error even without a conflict, as in kube-apiserver."""
    await gadgets.post(f"{GADGETS}?fieldManager=owner", json=gadget(spec={"wanted": {"count": 2}}))
    path = f"{GADGETS}/one/scale?fieldManager=taker"
    refused = await gadgets.patch(path, json=scale("one", 5), headers=APPLY)
    message = 'Apply failed with 1 conflict: conflict with "owner" using autoscaling/v1: .spec.replicas'
    assert (refused.status_code, refused.json()["message"]) == (409, message)
    forced = await gadgets.patch(f"{path}&force=true", json=scale("one", 5), headers=APPLY)
    message = (
        "failed to convert new object (/one; autoscaling/v1, Kind=Scale) to proper version: "
        "request to convert CR to an invalid group/version: autoscaling/v1"
    )
    assert (forced.status_code, forced.json()["message"]) == (500, message)
    merged = await gadgets.patch(path, json={"spec": {"replicas": 5}}, headers=MERGE)
    assert merged.json()["spec"] == {"replicas": 5}
    entries = (await gadgets.get(f"{GADGETS}/one")).json()["metadata"]["managedFields"]
    fields = {each["manager"]: (each.get("subresource"), each["fieldsV1"]) for each in entries}
    assert fields["taker"] == ("scale", {"f:spec": {"f:wanted": {"f:count": {}}}})
    assert fields["owner"] == (None, {"f:spec": {".": {}, "f:wanted": {}}})


@pytest.mark.parametrize(
    ("spec", "method", "body", "status", "message"),
    [
        ({}, "GET", None, 500, 'Internal error occurred: the spec replicas field ".spec.wanted.count" does not exist'),
        ({}, "PATCH", {}, 400, 'the spec replicas field ".spec.wanted.count" cannot be empty'),
        (
            {"wanted": {"count": 1}},
            "PATCH",
            {"spec": {"replicas": -1}},
            422,
            'Gadget.lab.example.org "one" is invalid: .spec.wanted.count: Invalid value: -1: should be a non-negative integer',
        ),
    ],
)
async def test_scale_without_a_number_is_refused(
    gadgets: httpx.AsyncClient, spec: dict[str, Any], method: str, body: Any, status: int, message: str
) -> None:
    """Replicas that are not there can be set, and nothing else can be done with them."""
    await gadgets.post(GADGETS, json=gadget(spec=spec))
    answer = await gadgets.request(method, f"{GADGETS}/one/scale", json=body, headers=MERGE if body is not None else {})
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    put = await gadgets.put(f"{GADGETS}/one/scale", json=scale("one", 3))
    assert put.json()["spec"] == {"replicas": 3}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        (
            {"spec": {"wanted": {"count": "x"}}},
            ".spec.wanted.count",
            "Invalid value: 0: .spec.wanted.count accessor error: x is of the type string, expected int64",
        ),
        (
            {"spec": {"wanted": [1]}},
            ".spec.wanted.count",
            "Invalid value: 0: .spec.wanted.count accessor error: [1] is of the type []interface {}, expected map[string]interface{}",
        ),
        (
            {"status": {"count": 2**31}},
            ".status.count",
            "Invalid value: 2147483648: should be less than or equal to 2147483647",
        ),
        (
            {"status": {"selector": {"a": True}}},
            ".status.selector",
            'Invalid value: "": .status.selector accessor error: map[a:true] is of the type map[string]interface {}, expected string',
        ),
    ],
)
async def test_custom_resource_whose_scale_paths_lead_to_something_else_returns_422(
    gadgets: httpx.AsyncClient, fields: dict[str, Any], field: str, message: str
) -> None:
    """Whatever the schema allows there."""
    answer = await gadgets.post(GADGETS, json=gadget(**fields))
    assert answer.status_code == 422
    assert answer.json()["details"]["causes"] == [{"reason": "FieldValueInvalid", "message": message, "field": field}]
