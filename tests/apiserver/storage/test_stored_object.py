"""Bytes in, bytes out: what is stored, and what clients read of it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage import StoredObject
from rootspan_apiserver.storage.stored_object import encode, same_content
from tests.apiserver.storage.parts import resource

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["uid", "name", '"uid":"', '"metadata":{', "\\", '"}', "{"]
)
values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_json_has_resource_version_after_uid() -> None:
    """The fields of metadata have the order of the real server's answers, whatever order they came in."""
    metadata = {"labels": {"a": "b"}, "uid": "u-1", "creationTimestamp": "t", "namespace": "ns", "name": "n"}
    raw = encode({"data": {"k": "v"}, "metadata": metadata, "apiVersion": "v1", "kind": "ConfigMap"})
    stored = StoredObject("/configmaps/ns/n", 7, raw)
    body = (
        '"metadata":{"name":"n","namespace":"ns","uid":"u-1","resourceVersion":"7","creationTimestamp":"t",'
        '"labels":{"a":"b"}},"data":{"k":"v"}}'
    )
    assert stored.json().decode() == '{"kind":"ConfigMap","apiVersion":"v1",' + body
    assert stored.json(kind=False).decode() == "{" + body


def test_json_of_dry_run_has_no_resource_version() -> None:
    """A dry run answers an object of revision 0."""
    raw = encode({"kind": "K", "apiVersion": "v1", "metadata": {"name": "n", "resourceVersion": "3"}})
    assert StoredObject("/k/n", 0, raw).decode() == {"kind": "K", "apiVersion": "v1", "metadata": {"name": "n"}}


@given(st.dictionaries(texts, values, max_size=5), st.dictionaries(texts, values, max_size=4), st.booleans())
def test_decode_returns_what_was_encoded(metadata: JSONObject, rest: JSONObject, own_order: bool) -> None:
    """Inserting the resourceVersion into the bytes equals setting it in the object, for any content and order of fields."""
    for name in ("resourceVersion", "selfLink"):
        metadata.pop(name, None)
    obj = {"metadata": metadata, "kind": "K", **rest, "apiVersion": "g/v1"} | {"kind": "K", "metadata": metadata}
    raw = orjson.dumps(obj) if own_order else encode(obj)
    expected = {**obj, "metadata": {**metadata, "resourceVersion": "42"}}
    assert StoredObject("/k/n", 42, raw).decode() == expected
    without = {name: value for name, value in expected.items() if name not in ("kind", "apiVersion")}
    assert orjson.loads(StoredObject("/k/n", 42, raw).json(kind=False)) == without


def test_labels_and_fields_are_decoded() -> None:
    """An object without labels has none; fields come from the strategy of its resource."""
    bare = StoredObject("/pods/ns/p", 1, encode({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}}))
    assert bare.labels == {}
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"nodeName": "n1"},
    }
    stored = StoredObject("/pods/ns/p", 1, encode(pod))
    assert stored.labels == {"a": "b"}
    assert stored.fields(resource("pods"))["spec.nodeName"] == "n1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"data": {"deletionTimestamp": "2026-01-02T03:04:05Z"}},
        {"spec": {"deletionTimestamp": "now", "ownerReferences": [{"uid": "u-2"}]}},
        {"metadata": {"annotations": {"deletionTimestamp": "x"}}},
        {"metadata": {"labels": {"deletionTimestamp": "x", "uid": "u-3"}}},
        {"metadata": {"deletionTimestamp": None, "ownerReferences": []}},
        {"data": {"text": '"metadata":{"deletionTimestamp":"x","uid":"u-4"}'}},
    ],
)
def test_deletion_uid_and_owners_are_read_from_metadata_alone(elsewhere: JSONObject) -> None:
    """Keys and texts of these names anywhere else say nothing about the object."""
    metadata = {"name": "c", "uid": "u-1", **elsewhere.get("metadata", {})}
    obj = {"kind": "K", "apiVersion": "g/v1", **elsewhere, "metadata": metadata}
    stored = StoredObject("/k/c", 1, encode(obj))
    assert (stored.is_terminating, stored.deletion_timestamp, stored.uid, stored.owners) == (False, "", "u-1", {})
    owners = [{"uid": "o-1"}, {"uid": "o-2", "blockOwnerDeletion": True}, {"uid": "o-3", "blockOwnerDeletion": False}]
    obj["metadata"] = {**metadata, "deletionTimestamp": "2026-01-02T03:04:05Z", "ownerReferences": owners}
    stored = StoredObject("/k/c", 2, orjson.dumps(obj))
    assert (stored.is_terminating, stored.deletion_timestamp) == (True, "2026-01-02T03:04:05Z")
    assert (stored.uid, stored.owners) == ("u-1", {"o-1": False, "o-2": True, "o-3": False})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"a":1,"b":{"c":2,"d":3}}', b'{"b":{"d":3,"c":2},"a":1}', True),
        (b'{"a":1}', b'{"a":2}', False),
        (b'{"a":[1,2]}', b'{"a":[2,1]}', False),
        (b'{"a":1,"b":0}', b'{"a":0,"b":1}', False),
    ],
)
def test_same_content_ignores_order_of_fields(one: bytes, other: bytes, same: bool) -> None:
    """The order of fields says nothing, the order of lists does."""
    assert same_content(one, other) is same


@pytest.mark.parametrize("impossible", [2**70, "\ud800"])
def test_encode_of_invalid_json_value_returns_400(impossible: object) -> None:
    """A bad value is the client's error, not the server's."""
    with pytest.raises(StatusError) as refused:
        encode({"kind": "K", "apiVersion": "v1", "metadata": {}, "data": impossible})
    assert refused.value.code == 400
