"""Subresources, reviews, and time-outs."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from rootspan_apiserver.http.limits import Limits
from tests.apiserver.handlers.conftest import serve

pytestmark = pytest.mark.anyio

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
MERGE = {"content-type": "application/merge-patch+json"}
AUTHORIZATION = "/apis/authorization.k8s.io/v1"
LOG = 'PodLogOptions "one" is invalid:'


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}}


async def create_deployment(client: httpx.AsyncClient) -> dict[str, Any]:
    labels = {"app": "web"}
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod("")["spec"]},
    }
    answer = await client.post(DEPLOYMENTS, json={"metadata": {"name": "web"}, "spec": spec})
    assert answer.status_code == 201
    created: dict[str, Any] = answer.json()
    return created


async def test_scale(client: httpx.AsyncClient) -> None:
    """The replicas are read and changed through a Scale; the object's generation counts it, its manager is told apart."""
    created = await create_deployment(client)
    scale = (await client.get(f"{DEPLOYMENTS}/web/scale")).json()
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 0, "selector": "app=web"}
    assert scale["metadata"]["uid"] == created["metadata"]["uid"]
    patched = await client.patch(f"{DEPLOYMENTS}/web/scale", content='{"spec":{"replicas":3}}', headers=MERGE)
    assert patched.json()["spec"] == {"replicas": 3}
    put = await client.put(f"{DEPLOYMENTS}/web/scale", json={**patched.json(), "spec": {"replicas": 4}})
    assert put.json()["spec"] == {"replicas": 4}
    stale = await client.put(f"{DEPLOYMENTS}/web/scale", json={**scale, "spec": {"replicas": 5}})
    assert stale.status_code == 409
    wrong = await client.patch(f"{DEPLOYMENTS}/web/scale", content='{"spec":{"replicas":-1}}', headers=MERGE)
    assert wrong.status_code == 422
    after = (await client.get(f"{DEPLOYMENTS}/web")).json()
    assert (after["spec"]["replicas"], after["metadata"]["generation"]) == (4, 3)
    assert "scale" in {entry.get("subresource") for entry in after["metadata"]["managedFields"]}


async def test_status(client: httpx.AsyncClient) -> None:
    """A write of the status changes that alone, a write of the object everything else."""
    await create_deployment(client)
    body = '{"spec":{"replicas":9},"status":{"replicas":1}}'
    answer = (await client.patch(f"{DEPLOYMENTS}/web/status", content=body, headers=MERGE)).json()
    assert (answer["spec"]["replicas"], answer["status"]["replicas"]) == (2, 1)
    answer = (await client.patch(f"{DEPLOYMENTS}/web", content=body.replace("1", "7"), headers=MERGE)).json()
    assert (answer["spec"]["replicas"], answer["status"]["replicas"]) == (9, 1)


async def test_binding_and_eviction(client: httpx.AsyncClient) -> None:
    """A pod is bound once, and evicted by a graceful deletion."""
    await client.post(PODS, json=pod("one"))
    binding = {"metadata": {"name": "one"}, "target": {"name": "node-1"}}
    assert (await client.post(f"{PODS}/one/binding", json=binding)).json()["status"] == "Success"
    again = await client.post(f"{PODS}/one/binding", json=binding)
    assert again.status_code == 409
    assert again.json()["message"].endswith('pod one is already assigned to node "node-1"')
    bound = (await client.get(f"{PODS}/one")).json()
    assert bound["spec"]["nodeName"] == "node-1"
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
    assert (await client.post(f"{PODS}/one/eviction", json=eviction)).status_code == 201
    evicted = (await client.get(f"{PODS}/one")).json()
    assert "deletionTimestamp" in evicted["metadata"]
    (target,) = [item for item in evicted["status"]["conditions"] if item["type"] == "DisruptionTarget"]
    assert (target["status"], target["reason"]) == ("True", "EvictionByEvictionAPI")


async def test_binding_gives_labels_and_annotations_to_pod(client: httpx.AsyncClient) -> None:
    """The nomination of another node ends."""
    await client.post(PODS, json=pod("placed"))
    await client.patch(f"{PODS}/placed/status", content='{"status":{"nominatedNodeName":"other"}}', headers=MERGE)
    metadata = {"name": "placed", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    binding = {"metadata": metadata, "target": {"kind": "Node", "name": "placed"}}
    assert (await client.post(f"{PODS}/placed/binding", json=binding)).status_code == 201
    bound = (await client.get(f"{PODS}/placed")).json()
    assert bound["metadata"]["labels"] == {"a": "b"}
    assert bound["metadata"]["annotations"] == {"c": "d"}
    assert "nominatedNodeName" not in bound["status"]


async def test_binding_of_gated_pod_returns_409(client: httpx.AsyncClient) -> None:
    """A pod waits for its scheduling gates."""
    gated = pod("gated")
    gated["spec"]["schedulingGates"] = [{"name": "example.com/wait"}]
    await client.post(PODS, json=gated)
    answer = await client.post(f"{PODS}/gated/binding", json={"metadata": {"name": "gated"}, "target": {"name": "n"}})
    assert answer.status_code == 409
    assert answer.json()["message"].endswith("pod gated has non-empty .spec.schedulingGates")


async def test_system_priority_class_cannot_be_deleted(client: httpx.AsyncClient) -> None:
    """By its name; the refusal comes before the object is looked up."""
    answer = await client.delete("/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical")
    assert answer.status_code == 403
    assert answer.json()["message"].endswith("this is a system priority class and cannot be deleted")


async def test_binding_of_missing_pod_returns_404(client: httpx.AsyncClient) -> None:
    """A scheduler that comes too late is told that there is no such pod: 404."""
    binding = {"metadata": {"name": "gone"}, "target": {"name": "node-1"}}
    answer = await client.post(f"{PODS}/gone/binding", json=binding)
    assert (answer.status_code, answer.json()["message"]) == (404, 'pods "gone" not found')


async def ready_pod(client: httpx.AsyncClient, name: str) -> None:
    """A pod with the label `app: web` that runs on a node and is ready."""
    body = pod(name)
    body["metadata"]["labels"] = {"app": "web"}
    body["spec"]["nodeName"] = "node-1"
    assert (await client.post(PODS, json=body)).status_code == 201
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    await client.patch(f"{PODS}/{name}/status", content=json.dumps({"status": status}), headers=MERGE)


async def evicted(client: httpx.AsyncClient, name: str) -> httpx.Response:
    return await client.post(f"{PODS}/{name}/eviction", json={"metadata": {"name": name}})


def budget(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}, **spec},
    }


async def test_eviction_beyond_disruption_budget_returns_429(client: httpx.AsyncClient) -> None:
    """A pod whose budget allows no disruption stays: 429, with what the budget lacks as the cause."""
    await ready_pod(client, "one")
    await client.post(BUDGETS, json=budget("keep"))
    refused = await evicted(client, "one")
    assert refused.status_code == 429
    (cause,) = refused.json()["details"]["causes"]
    assert cause["reason"] == "DisruptionBudget"
    assert cause["message"] == "The disruption budget keep is still being processed by the server."
    assert refused.headers["retry-after"] == "10"
    status = {"observedGeneration": 1, "desiredHealthy": 1, "currentHealthy": 1, "expectedPods": 1}
    await client.patch(f"{BUDGETS}/keep/status", content=json.dumps({"status": status}), headers=MERGE)
    (cause,) = (await evicted(client, "one")).json()["details"]["causes"]
    assert cause["message"] == "The disruption budget keep needs 1 healthy pods and has 1 currently"
    assert "deletionTimestamp" not in (await client.get(f"{PODS}/one")).json()["metadata"]


async def test_eviction_takes_a_disruption_from_the_budget(client: httpx.AsyncClient) -> None:
    """The first pod goes, and the budget that allowed one disruption names it and allows none to the second."""
    for name in ("one", "two"):
        await ready_pod(client, name)
    await client.post(BUDGETS, json=budget("keep"))
    status = {
        "observedGeneration": 1,
        "desiredHealthy": 1,
        "currentHealthy": 2,
        "expectedPods": 2,
        "disruptionsAllowed": 1,
    }
    await client.patch(f"{BUDGETS}/keep/status", content=json.dumps({"status": status}), headers=MERGE)
    assert (await evicted(client, "one")).json()["status"] == "Success"
    now = (await client.get(f"{BUDGETS}/keep")).json()["status"]
    assert (now["disruptionsAllowed"], list(now["disruptedPods"])) == (0, ["one"])
    (condition,) = now["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "DisruptionAllowed",
        "False",
        "InsufficientPods",
    )
    assert (await evicted(client, "two")).status_code == 429


async def test_eviction_of_unready_pod_needs_no_disruption(client: httpx.AsyncClient) -> None:
    """A pod that is not ready goes although no disruption is allowed, where the policy of the budget lets it."""
    await ready_pod(client, "sick")
    status = {"conditions": [{"type": "Ready", "status": "False"}]}
    await client.patch(f"{PODS}/sick/status", content=json.dumps({"status": status}), headers=MERGE)
    await client.post(BUDGETS, json=budget("keep", unhealthyPodEvictionPolicy="AlwaysAllow"))
    assert (await evicted(client, "sick")).json()["status"] == "Success"


async def test_eviction_with_stale_precondition_returns_409(client: httpx.AsyncClient) -> None:
    """An eviction of a version of the pod that has gone is refused, and not tried again."""
    await ready_pod(client, "one")
    body = {"metadata": {"name": "one"}, "deleteOptions": {"preconditions": {"resourceVersion": "1"}}}
    refused = await client.post(f"{PODS}/one/eviction", json=body)
    assert refused.status_code == 409
    assert "the ResourceVersion in the precondition (1) does not match" in refused.json()["message"]


async def test_token_request_issues_token_of_service_account(client: httpx.AsyncClient) -> None:
    """The token that a service account is given is a user's to the same server."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await client.post(accounts, json={"metadata": {"name": "builder"}})
    request = {"spec": {"expirationSeconds": 600}}
    token = (await client.post(f"{accounts}/builder/token", json=request)).json()["status"]["token"]
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    who = await client.post(review, json={}, headers={"authorization": f"Bearer {token}"})
    assert who.json()["status"]["userInfo"]["username"] == "system:serviceaccount:default:builder"
    short = await client.post(f"{accounts}/builder/token", json={"spec": {"expirationSeconds": 5}})
    assert short.status_code == 422
    assert (await client.post(f"{accounts}/nobody/token", json=request)).status_code == 404


async def test_token_is_bound_to_existing_object(client: httpx.AsyncClient) -> None:
    """Its claims name the object; one of another uid, one that is not there and one of a kind that cannot be bound to are refused."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await client.post(accounts, json={"metadata": {"name": "bound"}})
    await client.post("/api/v1/namespaces/default/secrets", json={"metadata": {"name": "s"}})
    uid = (await client.get("/api/v1/namespaces/default/secrets/s")).json()["metadata"]["uid"]

    async def asked(**ref: str) -> httpx.Response:
        return await client.post(f"{accounts}/bound/token", json={"spec": {"boundObjectRef": ref}})

    token = (await asked(kind="Secret", apiVersion="v1", name="s", uid=uid)).json()["status"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["kubernetes.io"]["secret"] == {"name": "s", "uid": uid}
    other = await asked(kind="Secret", apiVersion="v1", name="s", uid="another")
    assert (other.status_code, other.json()["reason"]) == (409, "Conflict")
    assert (await asked(kind="Pod", apiVersion="v1", name="none")).status_code == 404
    wrong = await asked(kind="Role", apiVersion="rbac.authorization.k8s.io/v1", name="r")
    assert wrong.json()["message"] == "cannot bind token to object of type rbac.authorization.k8s.io/v1, Kind=Role"
    assert (await asked(kind="Secret", apiVersion="v7", name="s")).status_code == 201
    assert (await asked()).json()["message"] == "cannot bind token to object of type /, Kind="


@pytest.mark.parametrize(
    ("subresource", "code", "message"),
    [
        ("exec?command=ls", 400, "pod one does not have a host assigned"),
        ("log?container=none", 400, "container none is not valid for pod one"),
        ("log?tailLines=-2", 422, f"{LOG} tailLines: Invalid value: -2: must be greater than or equal to 0"),
        ("log?limitBytes=0", 422, f"{LOG} limitBytes: Invalid value: 0: must be greater than 0"),
        ("log?sinceSeconds=0", 422, f"{LOG} sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            "log?sinceSeconds=3&sinceTime=2026-01-01T00:00:00Z",
            422,
            f"{LOG} []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ("log?stream=Stderr", 422, f"{LOG} stream: Forbidden: may not be specified"),
        ("log?tailLines=many", 400, 'strconv.ParseInt: parsing "many": invalid syntax'),
        (
            "log?sinceTime=noon",
            400,
            'parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"',
        ),
        ("proxy", 400, "address not allowed"),
    ],
)
async def test_subresource_of_kubelet_is_refused(
    client: httpx.AsyncClient, subresource: str, code: int, message: str
) -> None:
    """Without a node there is a clean refusal, after the options have been checked."""
    await client.post(PODS, json=pod("one"))
    answer = await client.get(f"{PODS}/one/{subresource}")
    assert (answer.status_code, answer.json()["message"]) == (code, message)


@pytest.mark.parametrize("subresource", ["log", "exec", "attach"])
async def test_container_is_named_where_pod_has_several(client: httpx.AsyncClient, subresource: str) -> None:
    """The refusal lists them all, init containers first; each of them may be named."""
    several = pod("several")
    several["spec"] |= {"initContainers": [{"name": "first", "image": "i"}]}
    several["spec"]["containers"] = [{"name": name, "image": "i"} for name in ("b", "a")]
    await client.post(PODS, json=several)
    unnamed = await client.get(f"{PODS}/several/{subresource}")
    refused = "a container name must be specified for pod several, choose one of: [first b a]"
    assert (unnamed.status_code, unnamed.json()["message"]) == (400, refused)
    named = await client.get(f"{PODS}/several/{subresource}?container=first")
    assert named.status_code == 204 or named.json()["message"] == "pod several does not have a host assigned"


async def test_log_of_pod_on_unknown_node_is_not_found(client: httpx.AsyncClient) -> None:
    """The refusal has the name of the node and, as upstream's, the resource of the request."""
    stray = pod("stray")
    stray["spec"]["nodeName"] = "nowhere"
    await client.post(PODS, json=stray)
    answer = await client.get(f"{PODS}/stray/log")
    assert (answer.status_code, answer.json()["message"]) == (404, 'pods "nowhere" not found')


@pytest.mark.parametrize(
    ("path", "spec", "user", "status"),
    [
        (
            f"{AUTHORIZATION}/selfsubjectaccessreviews",
            {"resourceAttributes": {"verb": "get", "resource": "pods"}},
            "admin",
            True,
        ),
        (
            f"{AUTHORIZATION}/selfsubjectaccessreviews",
            {"resourceAttributes": {"verb": "get", "resource": "pods"}},
            "bob",
            False,
        ),
        (
            f"{AUTHORIZATION}/selfsubjectaccessreviews",
            {"nonResourceAttributes": {"verb": "get", "path": "/apis"}},
            "bob",
            True,
        ),
        (
            f"{AUTHORIZATION}/subjectaccessreviews",
            {
                "user": "bob",
                "groups": ["system:masters"],
                "resourceAttributes": {"verb": "delete", "resource": "nodes"},
            },
            "admin",
            True,
        ),
        (
            f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews",
            {"user": "bob", "resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}},
            "admin",
            False,
        ),
    ],
)
async def test_access_reviews(
    client: httpx.AsyncClient, path: str, spec: dict[str, Any], user: str, status: bool
) -> None:
    """The server says beforehand what it would allow."""
    answer = await client.post(path, json={"spec": spec}, headers={"authorization": f"Bearer {user}"})
    assert answer.status_code == 201
    assert answer.json()["status"] == {"allowed": status}


async def test_token_reviews(client: httpx.AsyncClient) -> None:
    """Whose token it is, or that it is nobody's; a token is needed to ask."""
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    known = (await client.post(path, json={"spec": {"token": "bob"}})).json()["status"]
    assert known["user"] == {"username": "bob", "uid": "u2", "groups": ["system:authenticated"]}
    unknown = (await client.post(path, json={"spec": {"token": "guess"}})).json()["status"]
    assert "authenticated" not in unknown
    assert (await client.post(path, json={"spec": {}})).status_code == 400


async def test_reviews_are_not_kept(client: httpx.AsyncClient) -> None:
    """A review can be made and not be read."""
    assert (await client.get(f"{AUTHORIZATION}/selfsubjectaccessreviews")).status_code == 405


async def test_request_beyond_deadline_returns_504() -> None:
    """A request whose body does not come in time is answered 504, and the server goes on."""
    async with serve(Limits(request_timeout=0.05)) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        head = f"POST {PODS} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer admin\r\ncontent-length: 10\r\n\r\n"
        writer.write(head.encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 504")
        rest = await asyncio.wait_for(reader.readuntil(b"}\n"), 5)
        assert b"Timeout: request did not complete within the allotted timeout" in rest
        writer.close()
        assert (await server.client.get("/version")).status_code == 200
