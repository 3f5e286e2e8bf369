"""Answers in protobuf, read back by the decoder of requests."""

import struct

import httpx
import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types import protobuf

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
PROTOBUF = "application/vnd.kubernetes.protobuf"
PREFERRED = f"{PROTOBUF},application/json"
MAP = GroupVersionKind("", "v1", "ConfigMap")


async def test_protobuf_where_it_is_preferred(client: httpx.AsyncClient) -> None:
    """Objects, collections and refusals come in protobuf to whoever names it first."""
    await client.post(MAPS, json={"metadata": {"name": "one"}, "data": {"a": "1"}})
    answer = await client.get(f"{MAPS}/one", headers={"accept": PREFERRED})
    assert answer.headers["content-type"] == PROTOBUF
    obj, kind = protobuf.decode(answer.content, MAP)
    assert kind == MAP
    assert (obj["metadata"]["name"], obj["data"]) == ("one", {"a": "1"})

    listed = await client.get(MAPS, headers={"accept": PREFERRED})
    found, kind = protobuf.decode(listed.content, GroupVersionKind("", "v1", "ConfigMapList"))
    assert kind.kind == "ConfigMapList"
    assert [item["metadata"]["name"] for item in found["items"]] == ["one"]

    refused = await client.get(f"{MAPS}/none", headers={"accept": PREFERRED})
    status, kind = protobuf.decode(refused.content, GroupVersionKind("", "v1", "Status"))
    assert (kind.kind, status["reason"], status["code"]) == ("Status", "NotFound", 404)


async def test_create_from_protobuf_returns_201(client: httpx.AsyncClient) -> None:
    """What was answered in protobuf can be sent back in it."""
    await client.post(MAPS, json={"metadata": {"name": "one"}, "data": {"a": "1"}})
    answer = await client.get(f"{MAPS}/one", headers={"accept": PROTOBUF})
    replaced = await client.put(f"{MAPS}/one", content=answer.content, headers={"content-type": PROTOBUF})
    assert replaced.status_code == 200
    assert replaced.json()["data"] == {"a": "1"}


async def test_watch_in_protobuf_is_framed(client: httpx.AsyncClient) -> None:
    """A watch in protobuf is a sequence of messages, each after its length."""
    await client.post(MAPS, json={"metadata": {"name": "one"}})
    answer = await client.get(f"{MAPS}?watch=1&timeoutSeconds=1", headers={"accept": PREFERRED})
    assert answer.headers["content-type"] == f"{PROTOBUF};stream=watch"
    (length,) = struct.unpack(">I", answer.content[:4])
    event = answer.content[4:]
    assert len(event) == length
    assert event.startswith(b"\n\x05ADDED")
    obj, kind = protobuf.decode(event[event.index(protobuf.MAGIC) :], MAP)
    assert (kind, obj["metadata"]["name"]) == (MAP, "one")


async def test_kind_without_protobuf_returns_406(client: httpx.AsyncClient) -> None:
    """A Table is never protobuf, and a watch is never YAML."""
    accept = f"{PROTOBUF};as=Table;v=v1;g=meta.k8s.io,application/json"
    answer = await client.get(MAPS, headers={"accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert (await client.get(f"{MAPS}?watch=1", headers={"accept": "application/yaml"})).status_code == 406


async def test_metadata_alone_in_protobuf(client: httpx.AsyncClient) -> None:
    """The envelope of a list and of each event of a watch names the kind; an item of the list has no place for it."""
    await client.post(MAPS, json={"metadata": {"name": "one"}, "data": {"a": "1"}})
    partial = GroupVersionKind("meta.k8s.io", "v1", "PartialObjectMetadata")
    many = GroupVersionKind("meta.k8s.io", "v1", "PartialObjectMetadataList")
    listed = await client.get(MAPS, headers={"accept": f"{PROTOBUF};as={many.kind};v=v1;g=meta.k8s.io"})
    found, kind = protobuf.decode(listed.content, many)
    assert (kind, [list(item) for item in found["items"]]) == (many, [["metadata"]])
    accept = {"accept": f"{PROTOBUF};as={partial.kind};v=v1;g=meta.k8s.io"}
    watched = await client.get(f"{MAPS}?watch=1&timeoutSeconds=1", headers=accept)
    obj, kind = protobuf.decode(watched.content[watched.content.index(protobuf.MAGIC) :], partial)
    assert (kind, obj["metadata"]["name"]) == (partial, "one")
