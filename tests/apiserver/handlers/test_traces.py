"""The spans of a request: kube-apiserver's names, nesting, attributes and events."""

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from rootspan.spans import Span
from rootspan.testing import tree
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

FILTERS = ("authentication", "audit", "constrainedimpersonation", "priorityandfairness", "authorization")
MAPS = "/api/v1/namespaces/default/configmaps"
ENCODER = r'"{\"name\":\"json\",\"pretty\":\"false\",\"strict\":\"false\",\"yaml\":\"false\"}"'

CREATE = """
POST /api/v1/namespaces/{:namespace}/configmaps SERVER apiserver
└─ authentication INTERNAL apiserver
   └─ audit INTERNAL apiserver
      └─ constrainedimpersonation INTERNAL apiserver
         └─ priorityandfairness INTERNAL apiserver
            └─ authorization INTERNAL apiserver
               └─ Create INTERNAL apiserver
                  ├─ Create etcd3 INTERNAL apiserver
                  └─ SerializeObject INTERNAL apiserver
"""


async def trace(
    server: Server, method: str, path: str, *, internal: Sequence[str], passed: Sequence[str] = FILTERS, **kwargs: Any
) -> list[Span]:
    """The spans of one request: the server span, one for each filter it `passed`, and below those exactly the `internal` ones.

    `internal` has their names, in the order in which they start.
    """
    server.recorder.clear()
    await server.client.request(method, path, **kwargs)
    spans = await anyio.to_thread.run_sync(server.recorder.wait_for, 1 + len(passed) + len(internal))
    assert [span.kind for span in spans].count("SERVER") == 1
    in_order = [span.name for span in sorted(spans, key=lambda span: span.start) if span.kind == "INTERNAL"]
    assert in_order == [*passed, *internal]
    return spans


def only(spans: list[Span], name: str) -> Span:
    (found,) = [span for span in spans if span.name == name]
    return found


async def test_spans_of_create(server: Server) -> None:
    """A create: the filters nest, the verb's span holds what the verb does, and says each step."""
    internal = ["Create", "Create etcd3", "SerializeObject"]
    spans = await trace(server, "POST", MAPS, internal=internal, json={"metadata": {"name": "one"}})
    assert tree(spans) == CREATE.strip()
    create = only(spans, "Create")
    server_span = only(spans, "POST /api/v1/namespaces/{:namespace}/configmaps")
    audit_id = server_span.attributes["audit-id"]
    assert create.attributes == {
        "accept": "application/json",
        "audit-id": audit_id,
        "client": "127.0.0.1",
        "api-group": "",
        "api-version": "v1",
        "name": "",
        "subresource": "",
        "namespace": "default",
        "protocol": "HTTP/1.1",
        "resource": "configmaps",
        "scope": "resource",
        "url": MAPS,
        "user-agent": "tester/1.0",
        "verb": "POST",
    }
    assert [event.name for event in create.events] == [
        "limitedReadBody succeeded",
        "About to convert to expected version",
        "Conversion done",
        "About to store object in database",
        "Write to database call succeeded",
        "About to write a response",
        "Writing http response done",
    ]
    serialize = only(spans, "SerializeObject")
    assert serialize.attributes["encoder"] == f'{{"encodeGV":"v1","encoder":{ENCODER},"name":"versioning"}}'
    assert serialize.attributes["mediaType"] == "application/json"
    assert server_span.attributes["http.target"] == MAPS
    assert server_span.attributes["http.request.body.size"] == len(b'{"metadata":{"name":"one"}}')
    assert "http.route" not in server_span.attributes


async def test_body_that_was_not_read_has_no_size(server: Server) -> None:
    """A refusal before the body says nothing of its size, and its verb's span has no events."""
    headers = {"content-type": "text/plain"}
    spans = await trace(server, "POST", MAPS, internal=["Create", "SerializeObject"], content=b"x", headers=headers)
    assert list(only(spans, "Create").events) == []
    server_span = only(spans, "POST /api/v1/namespaces/{:namespace}/configmaps")
    assert "http.request.body.size" not in server_span.attributes


@pytest.mark.parametrize(
    ("method", "path", "internal"),
    [
        ("GET", "/version", []),
        ("GET", "/nope", []),
        ("GET", "/healthz", []),
        ("GET", "/apis", ["SerializeObject"]),
        ("GET", "/api/v1", ["SerializeObject"]),
        ("POST", f"{MAPS}/one", ["SerializeObject"]),
        ("GET", f"{MAPS}?limit=x", ["SerializeObject"]),
        ("GET", f"{MAPS}/none", ["Get", "cacher.Get", "SerializeObject"]),
        ("DELETE", f"{MAPS}/none", ["Delete", "cacher.Get", "SerializeObject"]),
        ("GET", f"{MAPS}?resourceVersion=0", ["List", "cacher.GetList", "SerializeObject"]),
    ],
)
async def test_spans_below_authorization(server: Server, method: str, path: str, internal: list[str]) -> None:
    """Each kind of answer has the spans that the real server makes for it, and no more."""
    spans = await trace(server, method, path, internal=internal)
    above = {span.parent_id for span in spans if span.name not in FILTERS and span.kind == "INTERNAL"}
    assert above <= {span.span_id for span in spans if span.name in ("authorization", *internal)}


async def test_refused_request_is_traced(server: Server) -> None:
    """A 401 ends in `authentication`, a 403 in `authorization`, each with the refusal it wrote."""
    for token, passed in (("guess", FILTERS[:1]), ("bob", FILTERS)):
        headers, last = {"authorization": f"Bearer {token}"}, passed[-1]
        spans = await trace(server, "GET", MAPS, internal=["SerializeObject"], passed=passed, headers=headers)
        written, refusing = only(spans, "SerializeObject"), only(spans, last)
        assert written.parent_id == refusing.span_id


async def test_span_of_aggregated_discovery(server: Server) -> None:
    """Aggregated discovery tells its form in the span too."""
    media_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    spans = await trace(server, "GET", "/apis", internal=["SerializeObject"], headers={"accept": media_type})
    attributes = only(spans, "SerializeObject").attributes
    assert attributes["mediaType"] == media_type
    assert attributes["encoder"] == f'{{"encodeGV":"apidiscovery.k8s.io/v2","encoder":{ENCODER},"name":"versioning"}}'


async def test_spans_of_watch_list(server: Server) -> None:
    """A watch list has a span until its initial events are written; a plain watch has none of its own."""
    query = "watch=1&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    listed = ["WatchList", "cacher.Watch", "List(recursive=false) etcd3", "WatchServer.HandleHTTP"]
    spans = await trace(server, "GET", f"{MAPS}?{query}", internal=listed)
    handling = only(spans, "WatchServer.HandleHTTP")
    assert handling.parent_id == only(spans, "WatchList").span_id
    assert [event.name for event in handling.events] == [
        "About to start writing response",
        "Writing initial events done",
    ]
    assert only(spans, "WatchList").end < only(spans, "authorization").end
    plain = await trace(
        server, "GET", f"{MAPS}?watch=1&timeoutSeconds=1", internal=["cacher.Watch", "List(recursive=false) etcd3"]
    )
    assert "WatchList" not in {span.name for span in plain}


async def test_long_audit_id_is_cut_on_every_span(server: Server) -> None:
    """A client may send an audit id of its own: the answer has all of it, spans no more than 64 characters."""
    given = "a" * 100
    headers = {"audit-id": given}
    spans = await trace(
        server, "GET", f"{MAPS}/none", internal=["Get", "cacher.Get", "SerializeObject"], headers=headers
    )
    assert (await server.client.get(f"{MAPS}/none", headers=headers)).headers["audit-id"] == given
    assert {span.attributes["audit-id"] for span in spans if "audit-id" in span.attributes} == {"a" * 64}
