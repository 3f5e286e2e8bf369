"""Tokens of service accounts over the API: requests for them, requests with them, and reviews of them."""

from typing import Any

import httpx
import pytest

from rootspan_apiserver.audit.policy import METADATA_POLICY
from rootspan_apiserver.filters.auditor import Auditor
from tests.apiserver.handlers.conftest import ISSUER, Kept, Server

pytestmark = pytest.mark.anyio

CORE = "/api/v1/namespaces/default"
ACCOUNTS = f"{CORE}/serviceaccounts"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
EXTRA = "authentication.kubernetes.io/"


async def create_account(client: httpx.AsyncClient, name: str = "robot") -> str:
    """The uid of a new service account."""
    uid: str = (await client.post(ACCOUNTS, json={"metadata": {"name": name}})).json()["metadata"]["uid"]
    return uid


async def token_of(client: httpx.AsyncClient, **spec: Any) -> str:
    answer = await client.post(f"{ACCOUNTS}/robot/token", json={"spec": spec})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["status"]["token"]
    return token


async def reviewed(client: httpx.AsyncClient, token: str, *audiences: str) -> dict[str, Any]:
    spec = {"token": token, "audiences": list(audiences)}
    status: dict[str, Any] = (await client.post(REVIEWS, json={"spec": spec})).json()["status"]
    return status


async def self_of(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(SELF, json={}, headers={"authorization": f"Bearer {token}"})


async def test_token_of_a_deleted_account_is_refused_and_reviewed_as_invalid(client: httpx.AsyncClient) -> None:
    """At once, and also when there is another account of that name; the review says why."""
    for _ in range(10):
        old = await create_account(client)
        token = await token_of(client)
        assert (await self_of(client, token)).status_code == 201
        await client.delete(f"{ACCOUNTS}/robot")
        refused = await self_of(client, token)
        assert (refused.status_code, refused.json()["message"]) == (401, "Unauthorized")
        told = '[invalid bearer token, serviceaccounts "robot" not found]'
        assert await reviewed(client, token) == {"user": {}, "error": told}
        new = await create_account(client)
        assert (await self_of(client, token)).status_code == 401
        told = f"[invalid bearer token, service account UID ({new}) does not match claim ({old})]"
        assert await reviewed(client, token) == {"user": {}, "error": told}
        await client.delete(f"{ACCOUNTS}/robot")


async def test_token_of_a_deleted_pod_is_refused(client: httpx.AsyncClient) -> None:
    """A pod that is being deleted keeps it until it is gone."""
    await create_account(client)
    spec = {"serviceAccountName": "robot", "nodeName": "n", "containers": [{"name": "c", "image": "nginx"}]}
    await client.post(f"{CORE}/pods", json={"metadata": {"name": "p"}, "spec": spec})
    token = await token_of(client, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "p"})
    await client.delete(f"{CORE}/pods/p")
    assert (await self_of(client, token)).status_code == 201
    await client.delete(f"{CORE}/pods/p", params={"gracePeriodSeconds": "0"})
    assert (await self_of(client, token)).status_code == 401
    told = "[invalid bearer token, service account token has been invalidated]"
    assert await reviewed(client, token) == {"user": {}, "error": told}


@pytest.mark.parametrize("node", ["there", "not there", "none"])
async def test_user_of_a_pods_token_tells_the_pod_and_its_node(client: httpx.AsyncClient, node: str) -> None:
    """In reviews of the token and of oneself alike; a node that is not there has no uid."""
    await create_account(client)
    spec: dict[str, Any] = {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "nginx"}]}
    wanted = {}
    if node != "none":
        spec["nodeName"] = "n"
        wanted["node-name"] = ["n"]
    if node == "there":
        made = await client.post("/api/v1/nodes", json={"metadata": {"name": "n"}})
        wanted["node-uid"] = [made.json()["metadata"]["uid"]]
    pod = await client.post(f"{CORE}/pods", json={"metadata": {"name": "p"}, "spec": spec})
    wanted |= {"pod-name": ["p"], "pod-uid": [pod.json()["metadata"]["uid"]]}
    token = await token_of(client, boundObjectRef={"kind": "Pod", "apiVersion": "v1", "name": "p"})
    status = await reviewed(client, token)
    assert (status["authenticated"], status["audiences"]) == (True, [ISSUER])
    told = {key.removeprefix(EXTRA): value for key, value in status["user"]["extra"].items()}
    assert told.pop("credential-id")[0].startswith("JTI=")
    assert told == wanted
    assert (await self_of(client, token)).json()["status"]["userInfo"] == status["user"]


async def test_review_answers_for_the_audiences_asked_for(client: httpx.AsyncClient) -> None:
    """Those that the token is meant for, of those asked for; nobody's if there are none."""
    await create_account(client)
    token = await token_of(client, audiences=["vault", "db", ISSUER])
    assert (await reviewed(client, token))["audiences"] == [ISSUER]
    assert (await reviewed(client, token, "x", "db", "vault"))["audiences"] == ["db", "vault"]
    told = (
        f'[invalid bearer token, token audiences ["vault" "db" "{ISSUER}"] is invalid for the target audiences ["x"]]'
    )
    assert await reviewed(client, token, "x") == {"user": {}, "error": told}
    assert (await self_of(client, token)).status_code == 201
    assert (await self_of(client, await token_of(client, audiences=["vault"]))).status_code == 401


async def test_review_of_token_without_audiences_has_none(client: httpx.AsyncClient) -> None:
    """It is meant for the server itself."""
    assert (await reviewed(client, "bob"))["audiences"] == [ISSUER]
    assert (await reviewed(client, "bob", "x", ISSUER))["audiences"] == [ISSUER]
    for status in (await reviewed(client, "bob", "x"), await reviewed(client, "guess")):
        assert status == {"user": {}, "error": "invalid bearer token"}


async def test_review_of_a_blank_token_finds_the_anonymous_user(client: httpx.AsyncClient) -> None:
    """As upstream, which reviews a token as if it stood in a header."""
    assert (await reviewed(client, " "))["user"]["username"] == "system:anonymous"


@pytest.mark.parametrize(
    ("metadata", "spec", "code", "message"),
    [
        (
            {"name": "other"},
            {},
            422,
            (
                'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "other": '
                "must match the service account name if specified"
            ),
        ),
        (
            {"uid": "another"},
            {},
            409,
            (
                'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (another) '
                "does not match the UID of the service account ({uid})"
            ),
        ),
        (
            {},
            {"expirationSeconds": 0},
            422,
            (
                'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 0: '
                "may not specify a duration less than 10 minutes"
            ),
        ),
    ],
)
async def test_request_for_a_token_that_is_refused(
    client: httpx.AsyncClient, metadata: dict[str, Any], spec: dict[str, Any], code: int, message: str
) -> None:
    """For an account of another name or uid than the one in the path has, or for too short a time."""
    uid = await create_account(client)
    refused = await client.post(f"{ACCOUNTS}/robot/token", json={"metadata": metadata, "spec": spec})
    assert (refused.status_code, refused.json()["message"]) == (code, message.format(uid=uid))


async def test_audit_event_tells_the_id_of_an_issued_token(server: Server) -> None:
    """Later events of whoever uses the token have the same id in the extra of their user."""
    kept = Kept()
    transport = httpx.ASGITransport(server.filtered(Auditor(METADATA_POLICY, kept, server.metrics.audit)))
    headers = {"authorization": "Bearer admin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        uid = await create_account(client)
        answer = (await client.post(f"{ACCOUNTS}/robot/token", json={"spec": {}, "metadata": {"uid": uid}})).json()
        assert answer["metadata"]["uid"] == uid
        await self_of(client, answer["status"]["token"])
    issued, used = kept.events[-2:]
    assert issued["annotations"][f"{EXTRA}issued-credential-id"] == used["user"]["extra"][f"{EXTRA}credential-id"][0]


async def test_names_in_a_request_for_a_token_have_to_be_those_of_the_path(client: httpx.AsyncClient) -> None:
    """The namespace is that of every request; a wrong name is invalid, and a wrong uid is a conflict."""
    await create_account(client)
    for metadata, code, told in (
        ({"name": "x"}, 422, 'metadata.name: Invalid value: "x": must match the service account name'),
        (
            {"namespace": "y"},
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        ({"uid": "z"}, 409, "the UID in the token request (z) does not match the UID of the service account"),
    ):
        answer = await client.post(f"{ACCOUNTS}/robot/token", json={"metadata": metadata, "spec": {}})
        assert answer.status_code == code
        assert told in answer.json()["message"]


async def test_review_keeps_what_the_client_says_of_a_user_that_it_does_not_know(client: httpx.AsyncClient) -> None:
    """kube-apiserver writes the user of a valid token only; it never says `authenticated` because the client does."""
    given = {"authenticated": True, "user": {"username": "x"}}
    answer = await client.post(REVIEWS, json={"spec": {"token": "zz"}, "status": given})
    assert answer.json()["status"] == {"user": {"username": "x"}, "error": "invalid bearer token"}
