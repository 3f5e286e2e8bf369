"""The embedded etcd answers byte for byte what the real one does, but for ids and what a sentence of Go's decoder says."""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.etcd.processes import etcd

pytestmark = pytest.mark.anyio


def b(text: str) -> str:
    return b64encode(text.encode()).decode()


def put(key: str, value: str = "", **more: Any) -> dict[str, Any]:
    return {"request_put": {"key": b(key), "value": b(value), **more}}


def compare(target: str, key: str, result: str = "EQUAL", **operand: Any) -> dict[str, Any]:
    return {"target": target, "key": b(key), "result": result, **operand}


ALL = {"key": b("\0"), "range_end": b("\0")}
CONVERSATION: list[tuple[str, Any]] = [
    ("/v3/kv/range", {"key": b("missing")}),
    ("/v3/kv/put", {"key": b("k"), "value": b("v")}),
    ("/v3/kv/put", {"key": b("k"), "value": b("w"), "prev_kv": True}),
    ("/v3/kv/put", {"value": b("v")}),
    ("/v3/kv/put", {"key": b("k"), "lease": 5}),
    ("/v3/kv/txn", {}),
    ("/v3/kv/txn", {"success": [{}]}),
    ("/v3/kv/txn", {"compare": [compare("MOD", "none", mod_revision="0")], "success": [put("n", "1")]}),
    (
        "/v3/kv/txn",
        {"compare": [compare("MOD", "n", mod_revision="0")], "failure": [{"request_range": {"key": b("n")}}]},
    ),
    ("/v3/kv/txn", {"compare": [compare("CREATE", "n", "GREATER", create_revision=0)], "success": [put("n", "2")]}),
    ("/v3/kv/txn", {"compare": [compare("VERSION", "n", "LESS", version=2)], "success": [put("n", "3")]}),
    ("/v3/kv/txn", {"compare": [compare("VERSION", "n", "NOT_EQUAL", version=7)], "success": [put("n", "4")]}),
    ("/v3/kv/txn", {"compare": [compare("VALUE", "n", value=b("4")), compare("VALUE", "none", value=b(""))]}),
    (
        "/v3/kv/txn",
        {"compare": [compare("VALUE", "n", value=b("4"))], "success": [put("a"), put("b", "2", prev_kv=True)]},
    ),
    (
        "/v3/kv/txn",
        {
            "compare": [compare("LEASE", "n", lease=0)],
            "success": [{"request_range": ALL}, put("c"), {"requestRange": ALL}],
        },
    ),
    (
        "/v3/kv/txn",
        {"success": [put("d"), {"request_delete_range": {"key": b("a"), "rangeEnd": b("c"), "prev_kv": True}}]},
    ),
    ("/v3/kv/txn", {"success": [put("a"), put("a")]}),
    ("/v3/kv/txn", {"success": [put("b"), {"request_delete_range": {"key": b("a"), "range_end": b("c")}}]}),
    ("/v3/kv/txn", {"success": [put(f"k{number}") for number in range(129)]}),
    ("/v3/kv/txn", {"success": [put("")]}),
    ("/v3/kv/txn", {"success": [put("q", lease="77")]}),
    ("/v3/kv/txn", {"success": [put("q"), {"request_range": {"key": b("q"), "revision": "7700"}}]}),
    ("/v3/kv/txn", {"compare": [{"target": 2, "mod_revision": "0"}]}),
    ("/v3/kv/range", ALL),
    ("/v3/kv/range", ALL | {"limit": "2"}),
    ("/v3/kv/range", ALL | {"limit": -1, "revision": -1}),
    ("/v3/kv/range", ALL | {"count_only": True}),
    ("/v3/kv/range", ALL | {"keysOnly": True, "sort_order": "ASCEND"}),
    ("/v3/kv/range", ALL | {"revision": 4}),
    ("/v3/kv/range", ALL | {"revision": 4, "limit": 1}),
    ("/v3/kv/range", {"key": b("z"), "range_end": b("a")}),
    ("/v3/kv/range", {"key": b("c"), "unknown": {"to": ["all"]}, "limit": None}),
    ("/v3/kv/range", {"key": b("c"), "revision": 9999}),
    ("/v3/kv/range", {}),
    ("/v3/kv/range", {"key": "%%"}),
    ("/v3/kv/range", {"key": "YQ"}),
    ("/v3/kv/deleterange", {"key": b("c"), "prev_kv": True}),
    ("/v3/kv/deleterange", {"key": b("c"), "prev_kv": True}),
    ("/v3/kv/deleterange", {}),
    ("/v3/kv/compaction", {"revision": 9999}),
    ("/v3/kv/compaction", {"revision": "6"}),
    ("/v3/kv/compaction", {"revision": 6}),
    ("/v3/kv/compaction", {}),
    ("/v3/kv/range", ALL | {"revision": 5}),
    ("/v3/kv/range", ALL | {"revision": 6}),
    ("/v3/lease/grant", {"TTL": 500, "ID": 77}),
    ("/v3/lease/grant", {"TTL": 500, "ID": 77}),
    ("/v3/lease/grant", {"TTL": "9000000001"}),
    ("/v3/kv/put", {"key": b("l"), "value": b("2"), "lease": "77"}),
    ("/v3/kv/range", {"key": b("l")}),
    ("/v3/kv/range", {"key": b("l"), "keys_only": True}),
    ("/v3/lease/keepalive", {"ID": 77}),
    ("/v3/lease/keepalive", {"ID": 78}),
    ("/v3/lease/timetolive", {"ID": 78, "keys": True}),
    ("/v3/lease/leases", {}),
    ("/v3/lease/revoke", {"ID": 77}),
    ("/v3/lease/revoke", {"ID": 77}),
    ("/v3/lease/leases", {}),
    ("/v3/kv/put", {"key": b("big"), "value": b("x" * 1_572_000)}),
    ("/v3/kv/put", {"key": b("big"), "value": b("x" * 1_572_840)}),
    ("/v3/kv/put", {"key": b("big"), "value": b("x" * 3_000_000)}),
    ("/v3/kv/range", {"key": b("big"), "count_only": True}),
]
OF_GOS_DECODER: list[tuple[str, bytes]] = [
    ("/v3/kv/range", b"[]"),
    ("/v3/kv/range", b"{bad"),
    ("/v3/kv/range", b'{"key":5}'),
    ("/v3/kv/range", b'{"key":"YQ==","limit":"x"}'),
    ("/v3/kv/range", b'{"key":"YQ==","limit":true}'),
    ("/v3/kv/range", b'{"key":"YQ==","serializable":"x","count_only":1}'),
    ("/v3/kv/range", b'{"key":"YQ==","sort_order":"SIDEWAYS"}'),
    ("/v3/kv/range", b'{"key":"YQ==","limit":9223372036854775808}'),
    ("/v3/lease/grant", b'{"TTL":5,"ID":"9223372036854775808"}'),
    ("/v3/kv/txn", b'{"compare":{}}'),
    ("/v3/kv/txn", b'{"success":[5]}'),
    ("/v3/nowhere", b"{}"),
    ("/elsewhere", b"{}"),
]
WATCHES: list[tuple[dict[str, Any], int]] = [
    ({"key": b("a"), "range_end": b("z"), "start_revision": 2}, 2),
    ({"key": b("a"), "range_end": b("z"), "start_revision": 4, "prev_kv": True}, 2),
    ({"key": b("n"), "startRevision": "5", "watch_id": 9}, 2),
    ({"key": b("z"), "range_end": b("a")}, 1),
    ({}, 1),
]


async def converse(client: httpx.AsyncClient) -> list[tuple[str, int, str]]:
    answers = []
    for path, document in CONVERSATION:
        answer = await client.post(path, json=document)
        answers.append((f"{path} {str(document)[:100]}", answer.status_code, normal(answer.text)))
    return answers


async def refuse(client: httpx.AsyncClient) -> list[tuple[str, int, object]]:
    answers = []
    for path, body in OF_GOS_DECODER:
        answer = await client.post(path, content=body)
        code = answer.json()["code"] if answer.headers["content-type"] == "application/json" else answer.text
        answers.append((f"{path} {body!r}", answer.status_code, code))
    answer = await client.get("/v3/kv/range")
    return [*answers, ("GET", answer.status_code, answer.text)]


async def watch(client: httpx.AsyncClient) -> list[str]:
    lines = []
    for request, count in WATCHES:
        async with client.stream("POST", "/v3/watch", json={"create_request": request}) as answer:
            found = aiter(answer.aiter_lines())
            lines += [normal(await anext(found)) for _ in range(count)]
    return lines


def normal(text: str) -> str:
    return re.sub(r'"(cluster_id|member_id|raft_term)":"\d+"', r'"\1":""', text.strip())


async def test_embedded_etcd_speaks_as_the_real_one(tmp_path: Path) -> None:
    """One conversation of all requests we know of, errors and watches included, with each of the two on an empty store."""
    with etcd(tmp_path) as member:
        async with httpx.AsyncClient(base_url=member.url) as client:
            real = await converse(client), await refuse(client), await watch(client)
    async with EmbeddedEtcd() as embedded, httpx.AsyncClient(base_url=URL, transport=embedded.transport()) as client:
        ours = await converse(client), await refuse(client), await watch(client)
    for one, other in zip(real, ours, strict=True):
        assert other == one


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v3/kv/range", {"key": b("a"), "sort_order": "DESCEND"}),
        ("/v3/kv/range", {"key": b("a"), "min_mod_revision": 3}),
        ("/v3/kv/put", {"key": b("a"), "ignore_value": True}),
        ("/v3/kv/txn", {"success": [{"request_txn": {}}]}),
        ("/v3/kv/txn", {"compare": [{"key": b("a"), "range_end": b("z")}]}),
        ("/v3/watch", {"create_request": {"key": b("a"), "filters": ["NODELETE"]}}),
        ("/v3/watch", {"progress_request": {}}),
        ("/v3/maintenance/defragment", {}),
        ("/v3/auth/enable", {}),
    ],
)
async def test_unsupported_requests_return_unimplemented(path: str, document: dict[str, Any]) -> None:
    """The gateway's form of an error, with gRPC's code for it, and nothing has changed."""
    async with EmbeddedEtcd() as embedded, httpx.AsyncClient(base_url=URL, transport=embedded.transport()) as client:
        answer = await client.post(path, json=document)
        assert (answer.status_code, answer.json()["code"]) == (501, 12)
        assert "embedded etcd does not support" in answer.json()["message"]
        assert (await client.post("/v3/kv/range", json=ALL)).json()["header"]["revision"] == "1"


async def test_watch_is_created_at_the_revision_it_was_opened_at() -> None:
    """What is written before the client reads the first line is not claimed by it, and follows as an event."""
    async with (
        EmbeddedEtcd() as embedded,
        httpx.AsyncClient(base_url=URL, transport=embedded.transport()) as client,
        client.stream("POST", "/v3/watch", json={"create_request": {"key": b("k")}}) as answer,
    ):
        await client.post("/v3/kv/put", json={"key": b("k")})
        lines = aiter(answer.aiter_lines())
        created, event = json.loads(await anext(lines)), json.loads(await anext(lines))
    assert (created["result"]["created"], created["result"]["header"]["revision"]) == (True, "1")
    assert event["result"]["events"][0]["kv"]["mod_revision"] == "2"


async def test_health_and_version_are_told() -> None:
    """A GET of /health and /version answers as etcd does, of anything else it is a 404."""
    async with EmbeddedEtcd() as embedded, httpx.AsyncClient(base_url=URL, transport=embedded.transport()) as client:
        assert (await client.get("/health")).json() == {"health": "true", "reason": ""}
        assert (await client.get("/version")).json() == {"etcdserver": "3.6.0", "etcdcluster": "3.6.0"}
        assert (await client.get("/metrics")).status_code == 404


async def test_body_beyond_all_limits_is_refused_and_the_connection_goes_on() -> None:
    """Nine megabytes are not kept, not parsed and not stored; the next request is answered."""
    async with (
        EmbeddedEtcd() as embedded,
        serving(embedded.application, listen("127.0.0.1", 0)) as address,
        httpx.AsyncClient(base_url=address.url) as client,
    ):
        answer = await client.post("/v3/kv/put", content=b"x" * 9_000_000)
        assert (answer.status_code, answer.json()["code"]) == (429, 8)
        assert answer.json()["message"] == "grpc: received message larger than max (6750000 vs. 2097152)"
        assert (await client.post("/v3/kv/range", json=ALL)).json()["header"]["revision"] == "1"
