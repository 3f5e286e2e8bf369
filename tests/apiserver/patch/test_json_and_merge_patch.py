"""JSON Patch and JSON Merge Patch."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.patch import json_patch, merge_patch

KEYS = st.sampled_from(["a", "b", "c", "d"])
JSON_VALUES = st.recursive(
    st.booleans() | st.integers(-100, 100) | KEYS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON_VALUES, max_size=4)


def test_operations_apply_in_order_and_leave_the_original() -> None:
    """Each operation sees what the one before left; the object patched is a new one."""
    obj: dict[str, Any] = {"a": [1, 2], "b": {"c": 1}}
    body = b'[{"op":"test","path":"/b/c","value":1},{"op":"add","path":"/a/1","value":9},{"op":"move","from":"/b","path":"/d"}]'
    operations, minded = json_patch.read(body, strict=True)
    assert minded == []
    assert json_patch.apply(obj, operations) == {"a": [1, 9, 2], "d": {"c": 1}}
    assert obj == {"a": [1, 2], "b": {"c": 1}}


MISSING = "missing value"


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"op": "test", "path": "/a", "value": 2}, "testing value /a failed: test failed"),
        ({"op": "test", "path": "/a", "value": 1.0}, "testing value /a failed: test failed"),
        ({"op": "test", "path": "/a", "value": True}, "testing value /a failed: test failed"),
        ({"op": "test", "path": "/a"}, "testing value /a failed: test failed"),
        (
            {"op": "test", "path": "/n/x", "value": None},
            f"test operation does not apply: is missing path: /n/x: {MISSING}",
        ),
        (
            {"op": "remove", "path": "/b"},
            f"error in remove for path: '/b': Unable to remove nonexistent key: b: {MISSING}",
        ),
        (
            {"op": "remove", "path": "/l/2"},
            "error in remove for path: '/l/2': Unable to access invalid index: 2: invalid index referenced",
        ),
        (
            {"op": "replace", "path": "/l/2", "value": 1},
            f"replace operation does not apply: doc is missing key: /l/2: {MISSING}",
        ),
        (
            {"op": "add", "path": "/b/c", "value": 1},
            f'add operation does not apply: doc is missing path: "/b/c": {MISSING}',
        ),
        (
            {"op": "add", "path": "/a/c", "value": 1},
            f'add operation does not apply: doc is missing path: "/a/c": {MISSING}',
        ),
        (
            {"op": "add", "path": "/l/-4", "value": 1},
            "error in add for path: '/l/-4': Unable to access invalid index: -4: invalid index referenced",
        ),
        (
            {"op": "add", "path": "/l/x", "value": 1},
            "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ({"op": "add", "path": "a", "value": 1}, f'add operation does not apply: doc is missing path: "a": {MISSING}'),
        ({"op": "add", "value": 1}, f"add operation failed to decode path: {MISSING}"),
        ({"op": "replace", "path": "", "value": 1}, "replace operation value must be object or array: %!w(<nil>)"),
        (
            {"op": "copy", "path": "/b"},
            f"copy operation failed to decode from: operation, missing from field: {MISSING}",
        ),
        (
            {"op": "move", "from": "/b", "path": "/c"},
            f"error in move for path: 'b': Unable to remove nonexistent key: b: {MISSING}",
        ),
        ({"op": "frobnicate", "path": "/a"}, "Unexpected kind: frobnicate"),
        ({}, "Unexpected kind: unknown"),
    ],
)
def test_operation_that_cannot_be_carried_out_says_why(operation: dict[str, Any], why: str) -> None:
    """In the words of the real server's library."""
    with pytest.raises(json_patch.JSONPatchError) as caught:
        json_patch.apply({"a": 1, "l": [1, 2], "n": None}, [operation])
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("operation", "patched"),
    [
        ({"op": "replace", "path": "/b", "value": 1}, {"b": 1}),
        ({"op": "add", "path": "/b"}, {"b": None}),
        ({"op": "copy", "from": "/zz", "path": "/b"}, {"b": None}),
        ({"op": "test", "path": "/zz", "value": None}, {}),
        ({"op": "test", "path": "/zz"}, {}),
        ({"op": "test", "path": "", "value": {"m": {"~1": 1}, "l": [1, 2]}}, {}),
        ({"op": "add", "path": "b", "value": 1}, None),
        ({"op": "add", "path": "/l/-1", "value": 3}, {"l": [1, 2, 3]}),
        ({"op": "add", "path": "/l/-3", "value": 3}, {"l": [3, 1, 2]}),
        ({"op": "add", "path": "/l/-", "value": 3}, {"l": [1, 2, 3]}),
        ({"op": "remove", "path": "/l/-2"}, {"l": [2]}),
        ({"op": "replace", "path": "/l/+1", "value": 3}, {"l": [1, 3]}),
        ({"op": "replace", "path": "/l/01", "value": 3}, {"l": [1, 3]}),
        ({"op": "add", "path": "x/b", "value": 1}, {"b": 1}),
        ({"op": "add", "path": "/m/~01", "value": 2}, {"m": {"~1": 2}}),
        ({"op": "add", "path": "/m/~", "value": 2}, {"m": {"~1": 1, "~": 2}}),
        ({"op": "move", "from": "/l/0", "path": "/l/-"}, {"l": [2, 1]}),
    ],
)
def test_library_is_lax(operation: dict[str, Any], patched: dict[str, Any] | None) -> None:
    """It replaces what is absent, counts from the end, takes null for absent, and does not mind what stands before the first slash."""
    obj: dict[str, Any] = {"l": [1, 2], "m": {"~1": 1}}
    if patched is None:
        with pytest.raises(json_patch.JSONPatchError):
            json_patch.apply(obj, [operation])
    else:
        assert json_patch.apply(obj, [operation]) == {**obj, **patched}


def test_opened_objects_have_sorted_keys() -> None:
    """Those on the way to a patched value, and those that a test looked into; others keep their order."""
    obj = {"z": {"c": 1, "a": {"y": 1, "x": 2}}, "b": {"e": 1, "d": 2}}
    patched = json_patch.apply(obj, [{"op": "add", "path": "/z/n", "value": 0}])
    assert orjson.dumps(patched) == b'{"b":{"e":1,"d":2},"z":{"a":{"y":1,"x":2},"c":1,"n":0}}'


def test_copies_cannot_grow_without_bound() -> None:
    """A patch that doubles a value again and again is refused before it fills the memory."""
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(64)]
    with pytest.raises(json_patch.JSONPatchError, match="exceeding the limit 3145728"):
        json_patch.apply({"a": ["x" * 1000]}, doubling)


def test_patch_that_nests_beyond_reason_is_refused() -> None:
    """Many patches that are each within the limit do not make an object beyond it, which nothing could write."""
    deep: Any = 1
    for _ in range(150):
        deep = {"a": deep}
    obj = json_patch.apply({"a": 1}, [{"op": "replace", "path": "/a", "value": deep}])
    with pytest.raises(json_patch.JSONPatchError, match="exceeded max depth"):
        json_patch.apply(obj, [{"op": "replace", "path": "/a" * 151, "value": deep}])


def test_too_many_operations_are_too_large() -> None:
    """Ten thousand operations are allowed, one more is a 413 that says both numbers."""
    with pytest.raises(StatusError) as caught:
        json_patch.read(orjson.dumps([{"op": "remove", "path": "/a"}] * 10_001))
    assert caught.value.code == 413
    assert (
        caught.value.message
        == "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    )


def test_malformed_patch_is_a_bad_request() -> None:
    """An object where a list of operations should be, a list where an object should be, and broken JSON are 400s."""
    for read, body, why in (
        (json_patch.read, b"{}", "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (json_patch.read, b"[1]", "cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        (json_patch.read, b'[{"op":1}]', "cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
        (merge_patch.read, b"[]", "cannot unmarshal array into Go value of type map[string]interface {}"),
        (merge_patch.read, b"{", "unexpected end of JSON input"),
    ):
        with pytest.raises(StatusError) as caught:
            read(body, strict=True)
        assert caught.value.code == 400
        assert caught.value.message.startswith("error decoding patch: ")
        assert caught.value.message.endswith(why)


def test_patch_that_is_read_without_validation_has_other_words() -> None:
    """The server's own type of operations is read for the sake of validation alone; the library is laxer, and says less."""
    for read, body, why in (
        (json_patch.read, b"{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (json_patch.read, b"[1]", "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
        (merge_patch.read, b"{", "Invalid JSON Patch"),
        (merge_patch.read, b"1", "Invalid JSON Patch"),
    ):
        with pytest.raises(StatusError) as caught:
            read(body)
        assert (caught.value.code, caught.value.message) == (400, why)
    assert json_patch.read(b'[{"op":1},null]')[0] == [{"op": 1}, {}]
    assert json_patch.read(b"null") == ([], [])
    assert merge_patch.apply({"a": 1}, merge_patch.read(b'[null,{"a":null}]')[0]) == [None, {}]
    with pytest.raises(StatusError, match="Invalid JSON Patch"):
        merge_patch.apply({"a": 1}, merge_patch.read(b"null")[0])


def test_strictness_minds_unknown_and_duplicate_keys() -> None:
    """Keys an operation does not have, and keys given twice, are told."""
    assert json_patch.read(b'[{"op":"add","path":"/a","value":1,"x":1}]', strict=True)[1] == [
        'json patch unknown field "[0].x"'
    ]
    assert merge_patch.read(b'{"data":{"a":"1","a":"2"}}', strict=True)[1] == ['duplicate field "data.a"']


def test_merge_patch_removes_nulls_and_replaces_lists() -> None:
    """The example of RFC 7396's appendix, in one object."""
    obj = {"a": "b", "c": {"d": "e", "f": "g"}, "l": [1, 2], "n": 1}
    patch = {"a": "z", "c": {"f": None}, "l": [3], "n": {"x": None, "y": 1}, "gone": None}
    assert merge_patch.apply(obj, patch) == {"a": "z", "c": {"d": "e"}, "l": [3], "n": {"y": 1}}


def test_nulls_in_a_value_that_is_not_merged_are_dropped() -> None:
    """Those in the objects of its lists too, unless the list takes the place of an object; nulls in lists stay."""
    listed = [None, {"x": None, "y": [{"z": None}]}]
    patch = {"new": listed, "l": listed, "o": listed, "n": {"a": {"b": None}}}
    dropped: list[Any] = [None, {"y": [{}]}]
    assert merge_patch.apply({"l": [1], "o": {}, "n": 1}, patch) == {
        "new": dropped,
        "l": dropped,
        "o": listed,
        "n": {"a": {}},
    }


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = dict.fromkeys(old.keys() - new.keys())
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            patch[key] = difference(before, value)
        elif key not in old or before != value or type(before) is not type(value):
            patch[key] = value
    return patch


@given(OBJECTS, OBJECTS)
def test_patch_of_a_difference_leads_from_one_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Applying the difference of two objects to the first gives the second, and again changes nothing."""
    patched = merge_patch.apply(old, difference(old, new))
    assert patched == new
    assert merge_patch.apply(patched, difference(patched, new)) == new
