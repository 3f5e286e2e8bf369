"""Strategic merge patch."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.patch import strategic
from rootspan_apiserver.types.schema import Schema, schema_of

TEXT = Schema(type="string")
MERGED = frozenset({"merge"})
PORT = Schema(type="object", properties={"port": Schema(type="integer"), "name": TEXT})
VOLUME = Schema(
    type="object", properties={"name": TEXT, "source": Schema(type="object", additional=TEXT), "empty": TEXT}
)
CONTAINER = Schema(
    type="object",
    properties={
        "name": TEXT,
        "image": TEXT,
        "args": Schema(type="array", items=TEXT),
        "ports": Schema(type="array", items=PORT, patch_strategies=MERGED, patch_merge_key="port"),
    },
)
POD = Schema(
    type="object",
    properties={
        "labels": Schema(type="object", additional=TEXT),
        "finalizers": Schema(type="array", items=TEXT, patch_strategies=MERGED),
        "containers": Schema(type="array", items=CONTAINER, patch_strategies=MERGED, patch_merge_key="name"),
        "volumes": Schema(
            type="array", items=VOLUME, patch_strategies=frozenset({"merge", "retainKeys"}), patch_merge_key="name"
        ),
        "strategy": Schema(
            type="object",
            patch_strategies=frozenset({"retainKeys"}),
            properties={"type": TEXT, "rolling": Schema(type="object", additional=TEXT)},
        ),
        "whole": Schema(type="object", patch_strategies=frozenset({"replace"}), additional=TEXT),
    },
)


@pytest.mark.parametrize(
    ("obj", "patch", "patched"),
    [
        pytest.param(
            {"labels": {"a": "1", "b": "2"}},
            {"labels": {"a": None, "c": "3", "missing": None}},
            {"labels": {"b": "2", "c": "3"}},
            id="maps merge, null removes",
        ),
        pytest.param(
            {"containers": [{"name": "a", "image": "1", "args": ["x", "y"]}, {"name": "b", "image": "1"}]},
            {"containers": [{"name": "a", "image": "2", "args": ["z"]}]},
            {"containers": [{"name": "a", "image": "2", "args": ["z"]}, {"name": "b", "image": "1"}]},
            id="items merge by key, other lists are replaced",
        ),
        pytest.param(
            {"containers": [{"name": "a", "ports": [{"port": 80}]}]},
            {"containers": [{"name": "a", "ports": [{"port": 80, "name": "web"}, {"port": 443}]}, {"name": "new"}]},
            {"containers": [{"name": "a", "ports": [{"port": 80, "name": "web"}, {"port": 443}]}, {"name": "new"}]},
            id="items within items",
        ),
        pytest.param(
            {"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
            {"containers": [{"$patch": "delete", "name": "b"}, {"$patch": "delete", "name": "missing"}]},
            {"containers": [{"name": "a"}, {"name": "c"}]},
            id="an item is deleted",
        ),
        pytest.param(
            {"containers": [{"name": "a"}, {"name": "b"}]},
            {"containers": [{"name": "c"}, {"$patch": "replace"}]},
            {"containers": [{"name": "c"}]},
            id="a list is replaced",
        ),
        pytest.param(
            {"labels": {"a": "1"}, "strategy": {"type": "x"}},
            {"labels": {"$patch": "replace", "b": "2"}, "strategy": {"$patch": "delete"}},
            {"labels": {"b": "2"}, "strategy": {}},
            id="a map is replaced, another deleted",
        ),
        pytest.param(
            {"strategy": {"type": "RollingUpdate", "rolling": {"surge": "1"}}},
            {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
            id="only retained keys remain",
        ),
        pytest.param(
            {"volumes": [{"name": "v", "source": {"a": "1"}}]},
            {"volumes": [{"$retainKeys": ["name", "empty"], "name": "v", "empty": "yes"}]},
            {"volumes": [{"name": "v", "empty": "yes"}]},
            id="only retained keys remain in an item",
        ),
        pytest.param(
            {"finalizers": ["a", "b", "c"]},
            {
                "$deleteFromPrimitiveList/finalizers": ["b", "missing"],
                "$setElementOrder/finalizers": ["c", "d", "a"],
                "finalizers": ["d"],
            },
            {"finalizers": ["c", "d", "a"]},
            id="scalars are deleted, added and put in order",
        ),
        pytest.param(
            {"finalizers": ["a", "b"]},
            {"finalizers": ["b", "c"]},
            {"finalizers": ["a", "b", "c"]},
            id="scalars are joined without repetition",
        ),
        pytest.param(
            {"containers": [{"name": "server"}, {"name": "a"}, {"name": "b"}]},
            {
                "$setElementOrder/containers": [{"name": "b"}, {"name": "new"}, {"name": "a"}],
                "containers": [{"name": "new"}],
            },
            {"containers": [{"name": "server"}, {"name": "b"}, {"name": "new"}, {"name": "a"}]},
            id="the order is set, what the server added keeps its place",
        ),
        pytest.param(
            {"whole": {"a": "1"}},
            {"whole": {"b": "2"}},
            {"whole": {"b": "2"}},
            id="a map whose strategy is replace",
        ),
        pytest.param(
            {},
            {
                "labels": {"a": "1", "b": None},
                "containers": [{"name": "a"}, {"$patch": "delete", "name": "b"}],
                "strategy": {"$patch": "delete"},
            },
            {"labels": {"a": "1"}, "containers": [{"name": "a"}]},
            id="what was not there is taken without its directives and nulls",
        ),
        pytest.param(
            {"containers": None, "labels": {"a": "1"}},
            {"containers": [{"name": "a"}], "labels": None},
            {"containers": [{"name": "a"}]},
            id="null gives way",
        ),
    ],
)
def test_object_after_patch(obj: dict[str, Any], patch: dict[str, Any], patched: dict[str, Any]) -> None:
    """Each directive and each kind of field does what the API's conventions say, and neither argument is changed."""
    before = copy.deepcopy((obj, patch))
    assert strategic.apply(obj, patch, POD) == patched
    assert (obj, patch) == before


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        ({"strategy": {"$retainKeys": "type"}}, 400, "invalid patch format of retainKeys"),
        ({"strategy": {"$retainKeys": ["rolling"], "type": "x"}}, 400, "invalid patch format of retainKeys"),
        ({"$deleteFromPrimitiveList": ["a"]}, 400, "invalid patch format of primitive list"),
        ({"$setElementOrder": []}, 400, "invalid patch format of setElementOrder list"),
        ({"$setElementOrder/finalizers": "a"}, 500, "expected a []interface {}, but received a string"),
        ({"containers": [{"image": "x"}]}, 500, "map: map[image:x] does not contain declared merge key: name"),
        (
            {"containers": [{"$patch": "delete"}]},
            500,
            "map: map[$patch:delete] does not contain declared merge key: name",
        ),
        (
            {"containers": [{"$patch": "frob", "name": "a"}]},
            500,
            "unknown patch type: frob in map: map[$patch:frob name:a]",
        ),
        ({"containers": [{"$patch": "merge"}]}, 500, "merging lists cannot yet be specified in the patch"),
        ({"labels": {"$patch": "frob"}}, 500, "unknown patch type: frob in map: map[$patch:frob]"),
        ({"finalizers": ["a", 1]}, 500, "list element types are not identical: [[a] [a 1]]"),
        ({"labels": {"$patch": 5}}, 500, "unknown patch type: %!s(int64=5) in map: map[$patch:5]"),
        ({"labels": {"$patch": None}}, 500, "unknown patch type: %!s(<nil>) in map: map[$patch:<nil>]"),
        ({"$setElementOrder/containers": ["a"]}, 500, "value for key 0 is not a map"),
        (
            {"$setElementOrder/finalizers": ["a", "b"], "finalizers": ["b", "a"]},
            500,
            "The order in patch list:\n[b a]\n doesn't match $setElementOrder list:\n[a b]\n",
        ),
    ],
)
def test_malformed_patch_is_refused(patch: dict[str, Any], code: int, message: str) -> None:
    """Malformed directives are 400s; what does not fit the lists is answered as the real server does."""
    obj = {"labels": {"a": "1"}, "finalizers": ["a"], "containers": [{"name": "a"}], "strategy": {"type": "x"}}
    with pytest.raises(StatusError) as caught:
        strategic.apply(obj, patch, POD)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_order_of_a_map_is_refused() -> None:
    """A field of a built-in kind that is a map has no order, whether there is such a map or not."""
    schema = schema_of(GroupVersionKind("", "v1", "ConfigMap"))
    with pytest.raises(StatusError) as caught:
        strategic.apply({}, {"$setElementOrder/data": ["a"]}, schema)
    assert (caught.value.code, caught.value.message) == (500, "expected slice or array type, but got: struct")


NAMES = st.sampled_from("abcd")
IMAGES = st.sampled_from(["1", "2", "3"])
CONTAINERS = st.dictionaries(NAMES, IMAGES, max_size=4).map(
    lambda found: [{"name": name, "image": found[name]} for name in found]
)
LABELS = st.dictionaries(NAMES, IMAGES, max_size=4)
FINALIZERS = st.lists(NAMES, unique=True, max_size=4)
PODS = st.fixed_dictionaries({"labels": LABELS, "finalizers": FINALIZERS, "containers": CONTAINERS})


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The strategic patch from one pod to another, with every directive that kubectl writes."""
    patch: dict[str, Any] = {"labels": {**dict.fromkeys(old["labels"].keys() - new["labels"].keys()), **new["labels"]}}
    names = {item["name"] for item in new["containers"]}
    gone = [{"name": item["name"], "$patch": "delete"} for item in old["containers"] if item["name"] not in names]
    patch["containers"] = [*new["containers"], *gone]
    patch["$setElementOrder/containers"] = [{"name": item["name"]} for item in new["containers"]]
    patch["finalizers"] = new["finalizers"]
    patch["$deleteFromPrimitiveList/finalizers"] = [name for name in old["finalizers"] if name not in new["finalizers"]]
    patch["$setElementOrder/finalizers"] = new["finalizers"]
    return patch


@given(PODS, PODS)
def test_patch_of_a_difference_leads_from_one_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The patch that kubectl would write from old to new makes new of old, in its order, and again of new."""
    patch = difference(old, new)
    patched = strategic.apply(old, patch, POD)
    assert patched == new
    assert strategic.apply(patched, patch, POD) == new


def test_list_of_ten_thousand_items_is_merged_by_key() -> None:
    """Each item finds its counterpart, and the order is the patch's, then the server's."""
    old = {"containers": [{"name": f"n{number}", "image": "1"} for number in range(10_000)]}
    patch = {"containers": [{"name": f"n{number}", "args": []} for number in reversed(range(0, 20_000, 2))]}
    merged = strategic.apply(old, patch, POD)["containers"]
    names = [item["name"] for item in merged]
    assert len(names) == 15_000
    assert merged[names.index("n4")] == {"name": "n4", "image": "1", "args": []}
    assert [name for name in names if int(name[1:]) % 2 == 0] == [item["name"] for item in patch["containers"]]
    assert [name for name in names if int(name[1:]) % 2] == [f"n{number}" for number in range(1, 10_000, 2)]
