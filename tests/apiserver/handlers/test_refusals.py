"""What the server says no to, in the API's own words."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from rootspan_apiserver.http.limits import Limits
from tests.apiserver.handlers.conftest import serve

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "code", "reason", "message"),
    [
        ("GET", f"{MAPS}/none", {}, "", 404, "NotFound", 'configmaps "none" not found'),
        ("GET", "/api/v1/foos", {}, "", 404, "NotFound", "the server could not find the requested resource"),
        ("GET", "/api/v1/configmaps/x", {}, "", 404, "NotFound", "the server could not find the requested resource"),
        (
            "POST",
            f"{MAPS}/one",
            JSON,
            "{}",
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        (
            "POST",
            "/api/v1/configmaps",
            JSON,
            "{}",
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        (
            "DELETE",
            "/api/v1/namespaces",
            {},
            "",
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        (
            "POST",
            MAPS,
            {"content-type": "text/plain"},
            "x",
            415,
            "UnsupportedMediaType",
            (
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json, application/yaml, application/vnd.kubernetes.protobuf"
            ),
        ),
        (
            "PATCH",
            f"{MAPS}/one",
            JSON,
            "{}",
            415,
            "UnsupportedMediaType",
            "415: Unsupported Media Type",
        ),
        (
            "POST",
            MAPS,
            JSON,
            "{",
            400,
            "BadRequest",
            (
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; "
                "json parse error: unexpected end of JSON input ({)"
            ),
        ),
        (
            "POST",
            "/apis/apps/v1/namespaces/default/deployments",
            JSON,
            '{"apiVersion":"v1","kind":"Deployment","metadata":{"name":"d"}}',
            400,
            "BadRequest",
            (
                'Deployment in version "v1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "v1" '
                'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
            ),
        ),
        (
            "POST",
            MAPS,
            JSON,
            '{"metadata":{"name":"one","namespace":"other"}}',
            400,
            "BadRequest",
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            "PUT",
            f"{MAPS}/one",
            JSON,
            '{"metadata":{"name":"two"}}',
            400,
            "BadRequest",
            "the name of the object (two) does not match the name on the URL (one)",
        ),
        (
            "PUT",
            f"{MAPS}/one",
            JSON,
            "{}",
            400,
            "BadRequest",
            "the name of the object (one based on URL) was undeterminable: name must be provided",
        ),
        ("GET", f"{MAPS}?limit=a", {}, "", 400, "BadRequest", 'strconv.ParseInt: parsing "a": invalid syntax'),
        (
            "GET",
            f"{MAPS}?timeoutSeconds=1_0",
            {},
            "",
            400,
            "BadRequest",
            'strconv.ParseInt: parsing "1_0": invalid syntax',
        ),
        (
            "GET",
            f"{MAPS}?limit=99999999999999999999",
            {},
            "",
            400,
            "BadRequest",
            'strconv.ParseInt: parsing "99999999999999999999": value out of range',
        ),
        (
            "GET",
            f"{MAPS}?timeout=1%CE%BCs",
            {},
            "",
            504,
            "Timeout",
            "Timeout: request did not complete within the allotted timeout",
        ),
        (
            "GET",
            f"{MAPS}?timeout=soon",
            {},
            "",
            400,
            "BadRequest",
            'invalid timeout specified in the request URL - time: invalid duration "soon"',
        ),
        (
            "GET",
            f"{MAPS}?timeout=5",
            {},
            "",
            400,
            "BadRequest",
            'invalid timeout specified in the request URL - time: missing unit in duration "5"',
        ),
        (
            "GET",
            f"{MAPS}?timeout=%2B-5s",
            {},
            "",
            400,
            "BadRequest",
            'invalid timeout specified in the request URL - time: invalid duration "+-5s"',
        ),
        (
            "GET",
            f"{MAPS}?timeout=1d",
            {},
            "",
            400,
            "BadRequest",
            'invalid timeout specified in the request URL - time: unknown unit "d" in duration "1d"',
        ),
        (
            "POST",
            f"{MAPS}?dryRun=Some",
            JSON,
            "{}",
            422,
            "Invalid",
            'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
        ),
        (
            "PATCH",
            f"{MAPS}/one",
            {"content-type": "application/apply-patch+yaml"},
            "{}",
            422,
            "Invalid",
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        ),
        (
            "DELETE",
            f"{MAPS}/one",
            JSON,
            '{"propagationPolicy":"Later"}',
            422,
            "Invalid",
            (
                'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Later": '
                'supported values: "Foreground", "Background", "Orphan", "nil"'
            ),
        ),
    ],
)
async def test_refusals(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str,
    code: int,
    reason: str,
    message: str,
) -> None:
    """Code, reason and message are those of kube-apiserver."""
    answer = await client.request(method, path, headers=headers, content=body)
    status = answer.json()
    assert (answer.status_code, status["reason"], status["message"]) == (code, reason, message)
    assert (status["kind"], status["apiVersion"], status["code"]) == ("Status", "v1", code)


async def test_unknown_path_returns_404_as_text(client: httpx.AsyncClient) -> None:
    """Outside the groups that are served a 404 is text, as a web server's."""
    for path in ("/nope", "/apis/nope/v1/foos", "/apis/nope", "/healthz/nope"):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_unacceptable_list_returns_406_as_indented_json(client: httpx.AsyncClient) -> None:
    """A client that reads none of the server's formats is told which there are, as indented JSON."""
    answer = await client.get(MAPS, headers={"accept": "text/html"})
    assert answer.status_code == 406
    assert answer.text.startswith('{\n  "kind": "Status",\n')
    assert json.loads(answer.text)["message"] == (
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
    )


async def test_unauthorized_user_returns_403_or_401(client: httpx.AsyncClient) -> None:
    """The anonymous and the unprivileged are refused by name; wrong credentials are no credentials at all."""
    anonymous = await client.get(MAPS, headers={"authorization": ""})
    assert anonymous.status_code == 403
    assert anonymous.json()["message"] == (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" '
        'in the namespace "default"'
    )
    assert anonymous.headers["x-content-type-options"] == "nosniff"
    bob = await client.get("/api/v1/nodes/n1", headers={"authorization": "Bearer bob"})
    assert bob.json()["message"] == (
        'nodes "n1" is forbidden: User "bob" cannot get resource "nodes" in API group "" at the cluster scope'
    )
    path = await client.get("/metrics", headers={"authorization": "Bearer bob"})
    assert path.json()["message"] == 'forbidden: User "bob" cannot get path "/metrics"'
    assert (await client.get(MAPS, headers={"authorization": "Bearer guess"})).status_code == 401
    assert (await client.get("/version", headers={"authorization": ""})).status_code == 200


async def test_impersonation(client: httpx.AsyncClient) -> None:
    """Who may impersonate is taken for the other; who may not is refused."""
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    other = {"impersonate-user": "carol", "impersonate-group": "dev"}
    answer = await client.post(review, json=body, headers=other)
    assert answer.json()["status"]["userInfo"] == {"username": "carol", "groups": ["dev", "system:authenticated"]}
    refused = await client.post(review, json=body, headers={**other, "authorization": "Bearer bob"})
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        'users.authentication.k8s.io "carol" is forbidden: User "bob" cannot impersonate:user-info resource "users" in API group '
        '"authentication.k8s.io" at the cluster scope'
    )


@pytest.mark.parametrize("authorization", ["Bearer admin", "Bearer bob", ""])
@pytest.mark.parametrize(
    "headers",
    [
        {"impersonate-group": "x"},
        {"impersonate-user": "", "impersonate-uid": "7"},
        {"impersonate-extra-%ff%": "\u200b"},
    ],
)
async def test_impersonation_without_a_user_is_a_bad_request(
    client: httpx.AsyncClient, headers: dict[str, str], authorization: str
) -> None:
    """Whoever asks, and whatever the headers hold: it is refused before anybody's rights are looked at."""
    encoded = {key.encode(): value.encode() for key, value in {**headers, "authorization": authorization}.items()}
    answer = await client.get(MAPS, headers=encoded)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert answer.json()["message"].startswith('requested &user.DefaultInfo{Name:"", UID:"')
    assert answer.json()["message"].endswith("} without impersonating a user name")


async def test_object_that_etcd_does_not_take_is_an_error_of_etcd(client: httpx.AsyncClient) -> None:
    """The real server passes on what etcd, or its own client for etcd, says: 500 and no reason."""
    for size, message in (
        (1_600_000, "etcdserver: request is too large"),
        (2_500_000, "rpc error: code = ResourceExhausted desc = trying to send message larger than max ("),
    ):
        revision = {"metadata": {"name": "large"}, "revision": 1, "data": {"a": "x" * size}}
        answer = await client.post("/apis/apps/v1/namespaces/default/controllerrevisions", json=revision)
        assert (answer.status_code, answer.json().get("reason")) == (500, None)
        assert answer.json()["message"].startswith(message)


async def test_body_beyond_limit_returns_413() -> None:
    """A body over the limit is refused, told beforehand or not, and changes nothing."""
    async with serve(Limits(body=1000)) as server:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100

        for content in (b"x" * 2000, chunks()):
            answer = await server.client.post(MAPS, content=content, headers=JSON)
            assert answer.status_code == 413
            assert answer.json()["message"] == "Request entity too large: limit is 1000"
        assert (await server.client.get(MAPS)).json()["items"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"gracePeriodSeconds": "soon"},
        {"gracePeriodSeconds": True},
        {"orphanDependents": "yes"},
        {"propagationPolicy": 5},
        {"dryRun": "All"},
        {"preconditions": ["uid"]},
        {"preconditions": {"uid": 1}},
        {"kind": "ConfigMap", "apiVersion": "v1"},
    ],
)
async def test_invalid_delete_options_return_422(client: httpx.AsyncClient, options: dict[str, object]) -> None:
    """Options of a wrong type are refused, and nothing is deleted."""
    await client.post(MAPS, json={"metadata": {"name": "one"}})
    answer = await client.request("DELETE", f"{MAPS}/one", json=options)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert (await client.get(f"{MAPS}/one")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"a":' + b"9" * 5000 + b"}}",
        b"\xff\xfe",
        b'{"metadata":{"name":"\xc3\x28"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[]",
        b"null",
        b'"text"',
        b'{"metadata":[]}',
        b'{"metadata":{"name":5}}',
        b'{"metadata":{"name":"x","labels":{"a":1}}}',
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
)
async def test_invalid_body_returns_400(client: httpx.AsyncClient, body: bytes, content_type: str) -> None:
    """Whatever comes, the answer is a refusal of the client, never a fault of the server."""
    answer = await client.post(MAPS, content=body, headers={"content-type": content_type})
    assert answer.status_code in (400, 422)
    assert answer.json()["kind"] == "Status"


async def test_invalid_object_is_refused_without_warnings_of_its_kind(client: httpx.AsyncClient) -> None:
    """What is doubtful is said of an object that is valid, not of one that is refused."""
    path = "/apis/storage.k8s.io/v1/csidrivers"
    driver = {"metadata": {"name": "doubtful"}, "spec": {"tokenRequests": [{"audience": "vault"}]}}
    refused = await client.post(path, json={**driver, "metadata": {"name": "Not A Name"}})
    assert (refused.status_code, refused.headers.get_list("warning")) == (422, [])
    created = await client.post(path, json=driver)
    assert created.status_code == 201
    (warning,) = created.headers.get_list("warning")
    assert warning.startswith('299 - "spec.serviceAccountTokenInSecrets is unset')
