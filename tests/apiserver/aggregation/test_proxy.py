"""Requests for an API that another server serves: passed on with the user's identity, in a trace of this server, and streamed."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.apiserver.aggregation.conftest import Cluster
from tests.apiserver.aggregation.parts import (
    API_SERVICES,
    DISCOVERY,
    FLOWERS,
    GROUP,
    ROOT,
    api_service,
    respond,
    until,
    until_condition,
)

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {
    "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
    "tracestate": "a=b",
    "baggage": "c=d",
    "x-remote-user": "evil",
    "x-remote-group": "system:masters",
    "x-remote-extra-scopes": "all",
    "x-custom": "1",
}


async def test_request_is_passed_on_with_the_identity_of_the_user(cluster: Cluster) -> None:
    """Path, query, body and other headers stay; credentials and identity headers of the caller do not."""
    headers = {**CALLER, "content-type": "text/plain", "audit-id": "abc", "x-forwarded-for": "192.0.2.1"}
    answered = await cluster.client.post(f"{FLOWERS}?b=2&a=x+y%2F", content=b"body", headers=headers)
    assert (answered.status_code, answered.json()) == (200, {"kind": "Flower"})
    assert answered.headers["x-extension"] == "1"
    assert answered.headers.get_list("audit-id") == ["abc", "own"]
    [received] = cluster.extension.received
    assert (received.method, received.path, received.body) == ("POST", f"{FLOWERS}?a=x+y%2F&b=2", b"body")
    assert received.header("authorization") == []
    assert received.header("x-remote-user") == ["kubernetes-admin"]
    assert received.header("x-remote-group") == ["system:masters", "system:authenticated"]
    assert received.header("x-remote-extra-scopes") == []
    assert received.header("x-custom") == ["1"]
    assert received.header("content-type") == ["text/plain"]
    assert received.header("audit-id") == ["abc"]
    assert received.header("host") == received.header("x-forwarded-host") == ["flowers.tools.svc:443"]
    assert received.header("x-forwarded-for") == ["192.0.2.1, 127.0.0.1"]
    assert received.header("x-forwarded-uri") == [FLOWERS]
    assert "BEGIN CERTIFICATE" in received.peer


async def test_impersonated_user_is_passed_on(cluster: Cluster) -> None:
    """With uid, groups and extra values; the headers of impersonation are not."""
    headers = {
        "impersonate-user": "jane",
        "impersonate-uid": "u9",
        "impersonate-group": "g",
        "impersonate-extra-a": "b",
    }
    await cluster.client.get(FLOWERS, headers=headers)
    [received] = cluster.extension.received
    names = ("x-remote-user", "x-remote-uid", "x-remote-group", "x-remote-extra-a")
    found = [received.header(name) for name in names]
    assert found == [["jane"], ["u9"], ["g", "system:authenticated"], ["b"]]
    assert not [name for name, _ in received.headers if name.startswith("impersonate-")]


async def test_call_is_a_client_span_and_carries_its_context(cluster: Cluster) -> None:
    """Below the SERVER span of the request; the trace context and the baggage of the caller go no further."""
    cluster.env.clear_spans()
    await cluster.client.get(FLOWERS, headers=CALLER)
    url = f"https://flowers.tools.svc{FLOWERS}"
    [call] = [each for each in cluster.env.spans if each.attributes.get("url.full") == url]
    server = next(each for each in cluster.env.spans if each.trace_id == call.trace_id and each.parent_id is None)
    assert (call.kind, call.name, server.kind) == ("CLIENT", "HTTP GET", "SERVER")
    [received] = cluster.extension.received
    assert received.header("traceparent") == [f"00-{call.trace_id}-{call.span_id}-01"]
    assert (received.header("tracestate"), received.header("baggage")) == ([], [])
    assert call.trace_id != TRACE


async def test_response_is_streamed_until_the_client_leaves(cluster: Cluster) -> None:
    """Each event of a watch arrives when it is sent, and the other server learns that the client has closed the connection."""
    first, closed = asyncio.Event(), asyncio.Event()

    async def watch(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"type":"ADDED"}\n', "more_body": True})
        await first.wait()
        await send({"type": "http.response.body", "body": b'{"type":"MODIFIED"}\n', "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        closed.set()

    cluster.extension.answer = watch
    async with cluster.client.stream("GET", f"{FLOWERS}?watch=1") as events:
        lines = events.aiter_lines()
        assert await anext(lines) == '{"type":"ADDED"}'
        first.set()
        assert await anext(lines) == '{"type":"MODIFIED"}'
    async with asyncio.timeout(10):
        await closed.wait()


async def test_body_without_a_length_is_streamed(cluster: Cluster) -> None:
    """In pieces, as the client sends it."""

    async def pieces() -> Any:
        yield b"one,"
        yield b"two"

    await cluster.client.put(f"{FLOWERS}/a", content=pieces())
    assert cluster.extension.received[0].body == b"one,two"


async def test_errors_and_redirects_of_the_other_server(cluster: Cluster) -> None:
    """An error is answered as it is; a redirect is not passed on; what is no HTTP is 503."""

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await respond(send, 418, b"teapot")

    async def redirects(scope: Any, receive: Any, send: Any) -> None:
        await respond(send, 302, b"", ("location", "https://elsewhere.example.com/"))

    cluster.extension.answer = fails
    answered = await cluster.client.get(FLOWERS)
    assert (answered.status_code, answered.content) == (418, b"teapot")
    cluster.extension.answer = redirects
    answered = await cluster.client.get(FLOWERS, follow_redirects=False)
    words = "the backend attempted to redirect this request, which is not permitted"
    assert (answered.status_code, answered.text) == (502, words)


async def test_upgrade_is_refused(cluster: Cluster) -> None:
    """A websocket to an aggregated API."""
    answered = await cluster.client.get(FLOWERS, headers={"connection": "Upgrade", "upgrade": "websocket"})
    assert (answered.status_code, answered.text) == (503, "connections to aggregated APIs are not upgraded\n")
    assert cluster.extension.received == []


async def test_group_is_in_discovery(cluster: Cluster) -> None:
    """In the order of its priority, with the resources of the other server."""

    def discovered(document: Any) -> bool:
        found = [each for each in document["items"] if each["metadata"].get("name") == GROUP]
        return bool(found and found[0]["versions"][0].get("resources"))

    document = await until(cluster.client, "/apis", discovered, accept=DISCOVERY)
    names = [each["metadata"]["name"] for each in document["items"]]
    assert names[0] == "apiregistration.k8s.io"
    assert names[names.index(GROUP) - 1] == "flowcontrol.apiserver.k8s.io"
    [version] = next(each for each in document["items"] if each["metadata"]["name"] == GROUP)["versions"]
    kind = {"group": "", "version": "", "kind": "Flower"}
    assert version == {
        "version": "v1",
        "resources": [
            {
                "resource": "flowers",
                "responseKind": kind,
                "scope": "Namespaced",
                "singularResource": "flower",
                "verbs": ["get", "list"],
                "subresources": [{"subresource": "status", "responseKind": kind, "verbs": ["get"]}],
            }
        ],
        "freshness": "Current",
    }
    group = (await cluster.client.get(f"/apis/{GROUP}")).json()
    assert group["preferredVersion"] == {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    assert GROUP in [each["name"] for each in (await cluster.client.get("/apis")).json()["groups"]]
    assert (await cluster.client.get(ROOT)).json()["resources"][0]["name"] == "flowers"


async def test_server_that_is_away_is_unavailable(cluster: Cluster) -> None:
    """The condition says why, requests are answered 503, and the group stays in discovery as stale."""
    cluster.extension.discovery = 500
    stored = (await cluster.client.get(f"{API_SERVICES}/v1.{GROUP}")).json()
    stored["spec"]["versionPriority"] = 11
    await cluster.client.put(f"{API_SERVICES}/v1.{GROUP}", json=stored)
    condition = await until_condition(cluster.client, "FailedDiscoveryCheck")
    url = f"https://flowers.tools.svc:443{ROOT}"
    assert condition["status"] == "False"
    assert condition["message"] == f"failing or missing response from {url}: bad status from {url}: 500"
    answered = await cluster.client.get(FLOWERS)
    assert (answered.status_code, answered.text) == (503, "service unavailable\n")
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"

    def stale(document: Any) -> bool:
        [group] = [each for each in document["items"] if each["metadata"].get("name") == GROUP]
        return bool(group["versions"][0]["freshness"] == "Stale")

    await until(cluster.client, "/apis", stale, accept=DISCOVERY)
    cluster.extension.discovery = 200
    await until_condition(cluster.client, "Passed")


async def test_deleted_api_service_is_not_served(cluster: Cluster) -> None:
    """Neither its path nor its group."""
    await cluster.client.delete(f"{API_SERVICES}/v1.{GROUP}")
    await until(cluster.client, "/apis", lambda document: GROUP not in orjson.dumps(document).decode())
    answered = await cluster.client.get(FLOWERS)
    assert (answered.status_code, answered.text) == (404, "404 page not found\n")


async def test_certificate_has_to_be_trusted(cluster: Cluster) -> None:
    """By the caBundle and for the name of the Service, unless the APIService says that it need not be verified."""
    client, path = cluster.client, f"{API_SERVICES}/v1.{GROUP}"
    await client.delete(path)
    await client.post(API_SERVICES, json=api_service(caBundle=None))
    condition = await until_condition(client, "FailedDiscoveryCheck")
    assert condition["message"].endswith(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    )
    await client.delete(path)
    await client.post(API_SERVICES, json=api_service(caBundle=None, insecureSkipTLSVerify=True))
    await until_condition(client, "Passed")
    assert (await client.get(FLOWERS)).status_code == 200
