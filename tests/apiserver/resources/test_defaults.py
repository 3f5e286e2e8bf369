"""Defaults that are data."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.defaults import default_values

TREE = {"spec": {"type": "ClusterIP", "selector": {}, "affinity": {"seconds": 5}, "ports": [{"protocol": "TCP"}]}}


@pytest.mark.parametrize(
    ("spec", "filled"),
    [
        ({}, {"type": "ClusterIP", "selector": {}}),
        ({"type": None, "selector": {"a": "b"}}, {"type": "ClusterIP", "selector": {"a": "b"}}),
        ({"type": "X", "affinity": {}}, {"type": "X", "affinity": {"seconds": 5}, "selector": {}}),
        (
            {"type": "X", "ports": [{"protocol": "UDP"}, {}]},
            {"type": "X", "ports": [{"protocol": "UDP"}, {"protocol": "TCP"}], "selector": {}},
        ),
    ],
)
def test_absent_fields_are_filled_in(spec: JSONObject, filled: Any) -> None:
    """Values where fields are absent or null; below objects and elements of lists that are present."""
    obj = {"spec": spec}
    default_values(TREE)(obj)
    assert obj == {"spec": filled}


def test_objects_do_not_share_defaults() -> None:
    """A change of one object's default leaves the next object's."""
    first: JSONObject = {"spec": {}}
    second: JSONObject = {"spec": {}}
    default_values(TREE)(first)
    first["spec"]["selector"]["a"] = "b"
    default_values(TREE)(second)
    assert second["spec"]["selector"] == {}
