"""Paths and methods: what is a route, what is the handler of no route, and in whose words it is refused."""

import httpx
import pytest

pytestmark = pytest.mark.anyio

UNKNOWN = "the server could not find the requested resource"
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    "path",
    ["/api/v2", "/api/v2/pods", "/api/v1//namespaces", "/apis/apps/v9", "/apis/apps/v9/deployments", "/version/now"],
)
async def test_unknown_path_of_builtin_group_returns_status(client: httpx.AsyncClient, path: str) -> None:
    """Below a group that is built in a path that is not there is a 404 with a Status."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["message"], answer.json()["details"]) == (404, UNKNOWN, {})


@pytest.mark.parametrize(
    "path",
    [
        "/apis/example.com",
        "/apis/example.com/v1",
        "/apis/example.com/v1/widgets",
        "/healthz/",
        "/readyz/none",
        "/metrics/",
        "/openapi/v2/",
        "/apis//",
        "//api/v1/namespaces",
        "//version",
    ],
)
async def test_unknown_path_outside_builtin_groups_returns_text(client: httpx.AsyncClient, path: str) -> None:
    """Elsewhere it is a 404 in text: no slash at the end, and no segment that is empty, is left out."""
    answer = await client.request("GET", "/", extensions={"target": path.encode()})
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_empty_namespace_lists_all_namespaces(client: httpx.AsyncClient) -> None:
    """An empty segment is an empty namespace."""
    (await client.post(MAPS, json={"metadata": {"name": "one"}})).raise_for_status()
    answer = await client.get("/api/v1/namespaces//configmaps")
    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["one"]


async def test_empty_name_before_subresource_returns_400(client: httpx.AsyncClient) -> None:
    """A subresource belongs to an object with a name."""
    answer = await client.get("/api/v1/namespaces/default/pods//status")
    assert (answer.status_code, answer.json()["message"]) == (400, "name must be provided")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/version", "/api", "/api/v1", "/apis/apps/v1", "/openid/v1/jwks"])
async def test_write_to_document_returns_405(client: httpx.AsyncClient, method: str, path: str) -> None:
    """A document that has a route allows GET."""
    answer = await client.request(method, path)
    assert answer.status_code == 405
    assert answer.json()["message"] == "the server does not allow this method on the requested resource"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "APPLICATION/MERGE-PATCH+JSON"])
async def test_patch_of_unknown_type_returns_415(client: httpx.AsyncClient, content_type: str) -> None:
    """The router compares the media type of a patch to the letter."""
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.patch(f"{MAPS}/one", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (415, "415: Unsupported Media Type")


async def test_index_lists_paths(client: httpx.AsyncClient) -> None:
    """Each path of the index is there."""
    paths = (await client.get("/")).json()["paths"]
    assert {"/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz/ping", "/readyz/shutdown", "/version"} <= set(paths)
    assert paths == sorted(paths)
    for path in set(paths) - {"/openapi/v3/"}:
        assert (await client.get(path, headers={"accept": "*/*"})).status_code == 200, path
    assert (await client.get("/index.html")).json() == {"paths": paths}


async def test_unknown_openapi_document_is_an_empty_404(client: httpx.AsyncClient) -> None:
    """Below `/openapi/v3` the refusal has no body."""
    for path in ("/openapi/v3/", "/openapi/v3/apis/nope/v1"):
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (404, b"")


async def test_issuer_names_its_keys(client: httpx.AsyncClient) -> None:
    """The discovery document of the issuer says where its public keys are, which may be kept for an hour."""
    issuer = await client.get("/.well-known/openid-configuration")
    assert issuer.json()["issuer"] == "https://kubernetes.default.svc"
    assert issuer.json()["jwks_uri"] == "https://kubernetes.default.svc/keys"
    keys = await client.get("/openid/v1/jwks", headers={"accept": "*/*"})
    assert keys.headers["content-type"] == "application/jwk-set+json"
    assert keys.headers["cache-control"] == "public, max-age=3600"
    (key,) = keys.json()["keys"]
    assert {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}.items() <= key.items()
    assert issuer.json()["id_token_signing_alg_values_supported"] == [key["alg"]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_name_of_what_is_only_created_is_no_path(client: httpx.AsyncClient, method: str) -> None:
    """A review has no name by which it could be read: 404, not 405."""
    answer = await client.request(method, "/apis/authentication.k8s.io/v1/tokenreviews/one")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/v1/watch/configmaps", 405),
        ("OPTIONS", "/api/v1/watch/namespaces/default/configmaps/one", 405),
        ("GET", "/api/v1/proxy/nodes/one", 404),
        ("POST", "/api/v1/proxy/nodes/one", 404),
        ("OPTIONS", "/api/v1/nodes/none/proxy", 404),
        ("HEAD", "/api/v1/nodes/none/proxy", 404),
        ("HEAD", "/api/v1/nodes/none/status", 405),
    ],
)
async def test_method_is_compared_where_the_path_has_the_verb(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """Only GET watches by a path; a proxy passes on HEAD and OPTIONS too; the verb `proxy` in front is gone."""
    assert (await client.request(method, path)).status_code == status


async def test_dry_run_of_a_connection_returns_400(client: httpx.AsyncClient) -> None:
    """A connection cannot be tried, whether its end is there or not."""
    answer = await client.post("/api/v1/nodes/none/proxy", params={"dryRun": "All"})
    assert (answer.status_code, answer.json()["message"]) == (400, "dryRun is not supported")


async def test_connections_hold_no_seat(client: httpx.AsyncClient) -> None:
    """A request that may last has no headers of the flow control; a watch begins with a seat, and has."""
    header = "x-kubernetes-pf-flowschema-uid"
    assert header not in (await client.get("/api/v1/nodes/none/proxy")).headers
    assert header in (await client.get(MAPS, params={"watch": "1", "timeoutSeconds": "1"})).headers
