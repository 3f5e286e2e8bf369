"""The namespace, the name and the kind in a body: one rule for every verb and subresource."""

from typing import Any

import httpx
import pytest

from tests.apiserver.objects import POD

pytestmark = pytest.mark.anyio

DEFAULT = "/api/v1/namespaces/default"
FAR = "the namespace of the provided object does not match the namespace sent on the request"
MERGE = {"content-type": "application/merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}
ACCESS = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews"


@pytest.fixture
async def things(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A ConfigMap, a pod and a service account named `one`."""
    for plural, fields in (("configmaps", {}), ("pods", {"spec": POD}), ("serviceaccounts", {})):
        created = await client.post(f"{DEFAULT}/{plural}", json={"metadata": {"name": "one"}, **fields})
        assert created.status_code == 201
    return client


@pytest.mark.parametrize(
    ("method", "path", "headers", "fields"),
    [
        ("POST", f"{DEFAULT}/configmaps", {}, {}),
        ("PUT", f"{DEFAULT}/configmaps/one", {}, {}),
        ("PATCH", f"{DEFAULT}/configmaps/one", MERGE, {}),
        ("PATCH", f"{DEFAULT}/configmaps/one?fieldManager=me", APPLY, {"apiVersion": "v1", "kind": "ConfigMap"}),
        ("PUT", f"{DEFAULT}/pods/one/status", {}, {"spec": POD}),
        ("POST", f"{DEFAULT}/pods/one/binding", {}, {"target": {"name": "n"}}),
        ("POST", f"{DEFAULT}/bindings", {}, {"target": {"name": "n"}}),
        ("POST", f"{DEFAULT}/pods/one/eviction", {}, {}),
        ("POST", f"{DEFAULT}/serviceaccounts/one/token", {}, {}),
        ("POST", ACCESS, {}, {"spec": {"user": "u", "resourceAttributes": {"namespace": "default"}}}),
    ],
)
async def test_body_of_another_namespace_returns_400(
    things: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], fields: dict[str, Any]
) -> None:
    """Before its name is looked at; the pod is not bound and not evicted."""
    body = {**fields, "metadata": {"name": "another", "namespace": "far"}}
    answer = await things.request(method, path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (400, FAR)
    pod = (await things.get(f"{DEFAULT}/pods/one")).json()
    assert "nodeName" not in pod["spec"]
    assert "deletionTimestamp" not in pod["metadata"]


@pytest.mark.parametrize("metadata", [{}, {"name": ""}, {"name": "another"}])
@pytest.mark.parametrize(("part", "kind"), [("binding", "Binding"), ("eviction", "Eviction")])
async def test_binding_or_eviction_of_another_name_returns_400(
    things: httpx.AsyncClient, part: str, kind: str, metadata: dict[str, str]
) -> None:
    """A body without a name is of another name too."""
    answer = await things.post(f"{DEFAULT}/pods/one/{part}", json={"metadata": metadata, "target": {"name": "n"}})
    message = f"name in URL does not match name in {kind} object"
    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_token_request_of_another_account_returns_422(things: httpx.AsyncClient) -> None:
    """Without a name it is the one of the path."""
    path = f"{DEFAULT}/serviceaccounts/one/token"
    answer = await things.post(path, json={"metadata": {"name": "another"}})
    assert answer.status_code == 422
    assert answer.json()["message"] == (
        'TokenRequest.authentication.k8s.io "one" is invalid: metadata.name: Invalid value: "another": '
        "must match the service account name if specified"
    )
    assert (await things.post(path, json={"metadata": {"name": ""}})).status_code == 201


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "pods/one/binding",
            'Node in version "v1" cannot be handled as a Binding: converting (v1.Node) to (core.Binding)',
        ),
        (
            "pods/one/eviction",
            'Node in version "v1" cannot be handled as a Eviction: converting (v1.Node) to (policy.Evic',
        ),
        (
            "serviceaccounts/one/token",
            'Node in version "v1" cannot be handled as a TokenRequest: converting (v1.Node) to (auth',
        ),
    ],
)
async def test_body_of_another_kind_returns_400(things: httpx.AsyncClient, path: str, message: str) -> None:
    """It is read as what it says it is, and cannot be made what is wanted."""
    answer = await things.post(
        f"{DEFAULT}/{path}", json={"kind": "Node", "apiVersion": "v1", "metadata": {"name": "one"}}
    )
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"name": "n", "kind": "Pod"}, 'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"'),
        ({"kind": "Node"}, "target.name: Required value"),
        (
            {"kind": "Pod"},
            '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
        ),
    ],
)
async def test_binding_without_a_node_returns_500(
    things: httpx.AsyncClient, target: dict[str, str], message: str
) -> None:
    """The bare reasons: the real server makes no `Invalid` of them."""
    answer = await things.post(f"{DEFAULT}/pods/one/binding", json={"metadata": {"name": "one"}, "target": target})
    assert (answer.status_code, answer.json()["message"]) == (500, message)


async def test_binding_without_name_returns_400(client: httpx.AsyncClient) -> None:
    """Where the path names no pod the body must."""
    answer = await client.post(f"{DEFAULT}/bindings", json={"metadata": {}, "target": {"name": "n"}})
    assert (answer.status_code, answer.json()["message"]) == (400, "Name parameter required.")


@pytest.mark.parametrize(("key", "shown"), [("uid", "UID"), ("resourceVersion", "ResourceVersion")])
async def test_binding_of_another_incarnation_returns_409(things: httpx.AsyncClient, key: str, shown: str) -> None:
    """A uid and a resourceVersion in a binding are preconditions."""
    body = {"metadata": {"name": "one", key: "77"}, "target": {"name": "n"}}
    answer = await things.post(f"{DEFAULT}/pods/one/binding", json=body)
    assert answer.status_code == 409
    assert f"Precondition failed: {shown} in precondition: 77, {shown} in object meta: " in answer.json()["message"]
    body["metadata"][key] = (await things.get(f"{DEFAULT}/pods/one")).json()["metadata"][key]
    assert (await things.post(f"{DEFAULT}/pods/one/binding", json=body)).status_code == 201


async def test_review_in_a_namespace_has_the_namespace_of_the_path(client: httpx.AsyncClient) -> None:
    """As every object that is created there."""
    spec = {"user": "u", "resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}}
    answer = await client.post(ACCESS, json={"spec": spec})
    assert answer.json()["metadata"]["namespace"] == "default"


@pytest.mark.parametrize(
    ("plural", "group", "fields"),
    [
        ("leases", "coordination.k8s.io", {"spec": {}}),
        ("csistoragecapacities", "storage.k8s.io", {"storageClassName": "fast"}),
    ],
)
async def test_update_without_the_version_that_it_needs_returns_422(
    client: httpx.AsyncClient, plural: str, group: str, fields: dict[str, Any]
) -> None:
    """The refusal names the resource."""
    path = f"/apis/{group}/v1/namespaces/default/{plural}"
    await client.post(path, json={"metadata": {"name": "one"}, **fields})
    answer = await client.put(f"{path}/one", json={"metadata": {"name": "one"}, **fields})
    assert answer.status_code == 422
    assert answer.json()["message"] == (
        f'{plural}.{group} "one" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update'
    )
    assert answer.json()["details"]["kind"] == plural


async def test_dry_run_of_a_create_with_a_version_returns_201(client: httpx.AsyncClient) -> None:
    """The version is looked at where the object is stored, which a dry run never comes to."""
    body = {"metadata": {"name": "one", "resourceVersion": "5"}}
    assert (await client.post(f"{DEFAULT}/configmaps?dryRun=All", json=body)).status_code == 201
    refused = await client.post(f"{DEFAULT}/configmaps", json=body)
    message = "resourceVersion should not be set on objects to be created"
    assert (refused.status_code, refused.json()["message"]) == (500, message)
