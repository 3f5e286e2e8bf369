"""Who manages the fields of objects that are answered and never stored: reviews and token requests."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

AUTHENTICATION, AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
POD = {"verb": "get", "resource": "pods", "namespace": "default"}
OF_POD: dict[str, Any] = {".": {}, "f:namespace": {}, "f:resource": {}, "f:verb": {}}


def managed(answer: httpx.Response) -> list[dict[str, Any]]:
    """The entries, without their times."""
    assert answer.status_code == 201, answer.text
    entries = answer.json()["metadata"].get("managedFields", [])
    return [{key: value for key, value in entry.items() if key not in ("time", "fieldsType")} for entry in entries]


@pytest.mark.parametrize(
    ("path", "spec", "fields"),
    [
        (f"{AUTHENTICATION}/tokenreviews", {"token": "x", "audiences": []}, {"f:token": {}}),
        (
            f"{AUTHORIZATION}/subjectaccessreviews",
            {"user": "bob", "groups": [], "extra": {"a": []}, "resourceAttributes": POD},
            {"f:extra": {".": {}, "f:a": {}}, "f:resourceAttributes": OF_POD, "f:user": {}},
        ),
        (f"{AUTHORIZATION}/selfsubjectaccessreviews", {"resourceAttributes": POD}, {"f:resourceAttributes": OF_POD}),
        (
            f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews",
            {"user": "bob", "resourceAttributes": POD},
            {"f:resourceAttributes": OF_POD, "f:user": {}},
        ),
    ],
)
async def test_review_is_answered_with_the_manager_of_the_question(
    client: httpx.AsyncClient, path: str, spec: dict[str, Any], fields: dict[str, Any]
) -> None:
    """The requester manages what it set; empty lists that JSON leaves out are not answered."""
    answer = await client.post(f"{path}?fieldManager=me", json={"spec": spec})
    api_version = "/".join(path.split("/")[2:4])
    entry = {"manager": "me", "operation": "Update", "apiVersion": api_version, "fieldsV1": {"f:spec": fields}}
    assert managed(answer) == [entry]
    assert answer.json()["spec"] == {key: value for key, value in spec.items() if value != []}


async def test_token_request_manages_its_defaults(client: httpx.AsyncClient) -> None:
    """The lifetime is a default, which the requester manages; so does it an empty list of audiences, but not one that is absent."""
    await client.post("/api/v1/namespaces/default/serviceaccounts", json={"metadata": {"name": "robot"}})
    path = "/api/v1/namespaces/default/serviceaccounts/robot/token?fieldManager=me"
    empty = managed(await client.post(path, json={"spec": {"audiences": []}}))
    assert empty[0]["fieldsV1"] == {"f:spec": {"f:audiences": {}, "f:expirationSeconds": {}}}
    assert empty[0]["subresource"] == "token"
    absent = await client.post(path, json={})
    assert managed(absent)[0]["fieldsV1"] == {"f:spec": {"f:expirationSeconds": {}}}
    assert absent.json()["spec"]["boundObjectRef"] is None


async def test_answer_without_the_question_has_no_managers(client: httpx.AsyncClient) -> None:
    """What a user is called and may do is a new object: nothing of what was sent is in it."""
    labelled = {"metadata": {"labels": {"a": "b"}}}
    rules = await client.post(f"{AUTHORIZATION}/selfsubjectrulesreviews", json={**labelled, "spec": {"namespace": "a"}})
    assert (rules.json()["metadata"], rules.json()["spec"]) == ({}, {})
    who = await client.post(f"{AUTHENTICATION}/selfsubjectreviews", json=labelled)
    assert list(who.json()["metadata"]) == ["creationTimestamp"]


async def test_review_with_metadata_is_refused_with_it(client: httpx.AsyncClient) -> None:
    """The refusal shows the metadata in the order of its fields, the managers among them."""
    body = {
        "metadata": {"annotations": {"b": "1", "a": "2"}, "labels": {"c": "3"}},
        "spec": {"resourceAttributes": POD},
    }
    refused = await client.post(f"{AUTHORIZATION}/selfsubjectaccessreviews", json=body)
    shown = 'Invalid value: {"labels":{"c":"3"},"annotations":{"a":"2","b":"1"},"managedFields":[{"manager":'
    assert refused.json()["details"]["causes"][0]["message"].startswith(shown), refused.text
