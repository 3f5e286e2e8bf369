"""The algebra of field sets, checked against plain sets of paths."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.managed_fields.field_set import (
    difference,
    intersection,
    ordered,
    path_text,
    paths,
    union,
    without,
)

ELEMENTS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "v:2"])
PATHS = st.frozensets(st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple), max_size=6)


def tree(members: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """The field set of these paths."""
    root: dict[str, Any] = {}
    for path in members:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return tidied(root)


def tidied(node: dict[str, Any]) -> dict[str, Any]:
    return {} if list(node) == ["."] else {key: tidied(child) for key, child in node.items()}


def members(fields: dict[str, Any]) -> frozenset[tuple[str, ...]]:
    return frozenset(paths(fields))


@given(PATHS, PATHS)
def test_sets_behave_as_sets_of_paths(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> None:
    """Union, difference and intersection are those of the members' paths, and leave their arguments as they were."""
    left, right = tree(one), tree(other)
    assert (members(left), members(right)) == (one, other)
    assert members(union(left, right)) == one | other
    assert members(difference(left, right)) == one - other
    assert members(intersection(left, right)) == one & other
    below = {path for path in one if any(path[: len(taken)] == taken for taken in other)}
    assert members(without(left, right)) == one - below
    assert (left, right) == (tree(one), tree(other))


@given(PATHS)
def test_order_changes_no_member(one: frozenset[tuple[str, ...]]) -> None:
    """Putting a set in order keeps it the same set, however it was built."""
    assert ordered(tree(one)) == tree(one)
    backwards = tree(frozenset(sorted(one, reverse=True)))
    assert orjson.dumps(ordered(backwards)) == orjson.dumps(ordered(tree(one)))


def test_order_is_by_kind_then_by_value() -> None:
    """The dot first, fields by name, keys by their values with numbers as numbers, then the values of sets."""
    names = ['v:"b"', "v:10", "v:9", 'k:{"port":443}', 'k:{"port":80}', 'k:{"name":"x","port":1}', "f:b", "f:a", "."]
    assert list(ordered({name: {} for name in names})) == [
        ".",
        "f:a",
        "f:b",
        'k:{"name":"x","port":1}',
        'k:{"port":80}',
        'k:{"port":443}',
        "v:9",
        "v:10",
        'v:"b"',
    ]


def test_paths_are_shown_as_messages_show_them() -> None:
    """Fields with dots, keys in brackets, values of sets behind an equals sign."""
    path = ("f:spec", "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', "f:tags", 'v:"x"')
    assert path_text(path) == '.spec.ports[containerPort=80,protocol="TCP"].tags[="x"]'
