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


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "add", "path": "/missing/deeper", "value": 1},
        {"op": "replace", "path": "", "value": 1},
        {"op": "copy", "path": "/b"},
        {"op": "copy", "from": "/missing", "path": "/b"},
        {"op": "frobnicate", "path": "/a"},
        {"op": "add", "value": 1},
        {"op": "add", "path": 7, "value": 1},
        {"op": "add", "path": "a", "value": 1},
    ],
)
def test_operation_that_cannot_be_done_is_unprocessable(operation: dict[str, Any]) -> None:
    """A failed test, a missing target or a malformed operation is the same 422."""
    with pytest.raises(StatusError) as caught:
        json_patch.apply({"a": 1}, [operation])
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.message == "the server rejected our request due to an error in our request"


def test_copies_cannot_grow_without_bound() -> None:
    """A patch that doubles a value again and again is refused before it fills the memory."""
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(64)]
    with pytest.raises(StatusError) as caught:
        json_patch.apply({"a": ["x" * 1000]}, doubling)
    assert caught.value.code == 422


def test_patch_that_nests_beyond_reason_is_refused() -> None:
    """Many patches that are each within the limit do not make an object beyond it, which nothing could write."""
    deep: Any = 1
    for _ in range(150):
        deep = {"a": deep}
    obj = json_patch.apply({"a": 1}, [{"op": "replace", "path": "/a", "value": deep}])
    with pytest.raises(StatusError) as refused:
        json_patch.apply(obj, [{"op": "replace", "path": "/a" * 151, "value": deep}])
    assert refused.value.code == 422


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
        (merge_patch.read, b"[]", "cannot unmarshal array into Go value of type map[string]interface {}"),
        (merge_patch.read, b"{", "unexpected end of JSON input"),
    ):
        with pytest.raises(StatusError) as caught:
            read(body, strict=True)
        assert caught.value.code == 400
        assert caught.value.message.startswith("error decoding patch: ")
        assert caught.value.message.endswith(why)


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
