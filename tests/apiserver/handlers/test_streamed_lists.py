"""Large collections are streamed: what arrives is what a small one would have been, whatever the representation."""

import gzip

import httpx
import orjson
import pytest

from rootspan_apiserver.handlers import lists
from rootspan_apiserver.http.encoding import encoded
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.kube.media_types import JSON, PROTOBUF, YAML
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/many/configmaps"
TABLE = ";as=Table;v=v1;g=meta.k8s.io"
METADATA = ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
LONG = "a sentence that is folded where YAML breaks the lines of long texts, which it does behind the eightieth column"


@pytest.fixture
async def many(server: Server, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """A client of a server that has seven config maps, and sends lists in pieces of two."""
    monkeypatch.setattr(lists, "_MOST_ITEMS", 2)
    monkeypatch.setattr(lists, "_FEWER_ITEMS", 2)
    namespace = {"metadata": {"name": "many"}}
    assert (await server.client.post("/api/v1/namespaces", json=namespace)).status_code == 201
    for number in range(7):
        labels = {"odd": str(number % 2)}
        data = {"text": LONG, "lines": "a\n  b\n", "number": "1", "quoted": '"\\'}
        obj: JSONObject = {"metadata": {"name": f"m{number}", "labels": labels}, "data": data}
        assert (await server.client.post(MAPS, json=obj)).status_code == 201
    return server.client


def _encoded(obj: JSONObject, shown: Representation) -> bytes:
    return encoded(orjson.dumps(obj), shown)[0]


async def test_pieces_of_list_are_the_encoding_of_the_whole(many: httpx.AsyncClient) -> None:
    """A list that is sent in pieces has no length, and together they are the list, encoded as one object."""
    for accept, query, shown in [
        (JSON, "", Representation()),
        (JSON, "?pretty=1", Representation(pretty=True)),
        (YAML, "", Representation(YAML)),
        (PROTOBUF, "", Representation(PROTOBUF)),
        (JSON + TABLE, "", Representation()),
        (JSON + TABLE, "?pretty=1&includeObject=Object", Representation(pretty=True)),
        (YAML + TABLE, "?includeObject=None", Representation(YAML)),
        (JSON + METADATA, "", Representation()),
        (YAML + METADATA, "", Representation(YAML)),
        (PROTOBUF + METADATA, "", Representation(PROTOBUF)),
    ]:
        answered = await many.get(MAPS + query, headers={"accept": accept})
        as_json = await many.get(
            MAPS + query.replace("pretty=1", ""), headers={"accept": accept.replace(shown.media_type, JSON)}
        )
        assert answered.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in answered.headers
        assert len(as_json.json().get("items") or as_json.json()["rows"]) == 7
        assert answered.content == _encoded(as_json.json(), shown), accept


async def test_list_of_one_piece_has_a_length(many: httpx.AsyncClient) -> None:
    """A small or empty list is sent whole, and is what its encoding as one object is."""
    for accept, pretty in [(JSON, ""), (JSON, "&pretty=1"), (YAML, ""), (PROTOBUF, ""), (JSON + TABLE, "")]:
        for query in ("limit=2", "labelSelector=odd%3D2"):
            answered = await many.get(f"{MAPS}?{query}{pretty}", headers={"accept": accept})
            media_type = accept.partition(";")[0]
            obj = await many.get(f"{MAPS}?{query}", headers={"accept": accept.replace(media_type, JSON)})
            assert int(answered.headers["content-length"]) == len(answered.content)
            assert answered.content == _encoded(obj.json(), Representation(media_type, pretty=bool(pretty))), accept


async def test_streamed_list_is_compressed_for_clients_that_ask(many: httpx.AsyncClient) -> None:
    """The pieces are one gzip stream."""
    plain = await many.get(MAPS, headers={"accept-encoding": "identity"})
    async with many.stream("GET", MAPS, headers={"accept-encoding": "gzip"}) as response:
        raw = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == plain.content


async def test_large_object_arrives_whole(server: Server) -> None:
    """An object of more than a mebibyte is written in several pieces, and has a length nevertheless."""
    obj: JSONObject = {"metadata": {"name": "quotes"}, "data": {"text": '"' * 700_000}}
    path = "/api/v1/namespaces/default/configmaps"
    created = await server.client.post(path, json=obj)
    found = await server.client.get(f"{path}/quotes", headers={"accept-encoding": "identity"})
    assert int(found.headers["content-length"]) == len(found.content) > 1024 * 1024
    assert found.json()["data"] == obj["data"]
    assert found.content == created.content
