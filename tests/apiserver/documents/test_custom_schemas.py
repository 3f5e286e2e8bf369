"""The published schemas of custom resources, in OpenAPI v3 and v2."""

from typing import Any

import pytest

from rootspan_apiserver.documents.openapi.custom_schemas import custom_schemas
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.resources.definitions import a_definition

STRING: JSONObject = {"type": "string"}
NULLABLE: JSONObject = {**STRING, "nullable": True}
EITHER = [{"type": "integer"}, {"type": "string"}]
POD: JSONObject = {"type": "object", "x-kubernetes-embedded-resource": True}
KEEPS: JSONObject = {"x-kubernetes-preserve-unknown-fields": True}


def published(field: JSONObject, *, v2: bool) -> Any:
    """Return what is published of the schema of a field."""
    (widgets,) = resources_of(a_definition({"type": "object", "properties": {"x": field}}))
    found = custom_schemas(widgets, v2=v2)["com.example.v1.Widget"]["properties"]
    assert {"apiVersion", "kind", "metadata", "x"} == set(found)
    return found["x"]


def test_resource_inside_a_resource_has_the_fields_of_one() -> None:
    """It has to have a kind and a version; for kubectl only where it keeps no unknown fields."""
    found = published({**POD, "properties": {"spec": STRING}, "required": ["spec"]}, v2=False)
    assert set(found["properties"]) == {"apiVersion", "kind", "metadata", "spec"}
    assert found["required"] == ["spec", "kind", "apiVersion"]
    assert "properties" in published({**POD, **KEEPS}, v2=False)
    assert published({**POD, **KEEPS}, v2=True) == {"x-kubernetes-embedded-resource": True, **KEEPS}


@pytest.mark.parametrize(
    ("said", "added"),
    [
        ({}, {"anyOf": EITHER}),
        ({"anyOf": EITHER}, {}),
        ({"allOf": [{"anyOf": EITHER}]}, {}),
        ({"anyOf": [{"minimum": 1}]}, {"allOf": [{"anyOf": EITHER}]}),
    ],
)
def test_integer_or_string_says_that_it_is_one_of_both(said: JSONObject, added: JSONObject) -> None:
    """Once, wherever the schema says so already; OpenAPI v2 cannot say it."""
    schema = {"x-kubernetes-int-or-string": True, **said}
    assert published(schema, v2=False) == {**schema, **added}
    assert published(schema, v2=True) == {"x-kubernetes-int-or-string": True}


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({**STRING, "default": "d", "maxLength": 3}, {**STRING, "maxLength": 3}),
        (NULLABLE, {}),
        ({"type": "object", "properties": {"a": STRING}, **KEEPS}, KEEPS),
        ({"type": "array", "items": STRING, **KEEPS}, KEEPS),
        ({"type": "object", "properties": {"a": NULLABLE}, "required": ["a"]}, {"type": "object", "properties": {"a": {}}}),
        ({**STRING, "not": {"maxLength": 1}, "oneOf": [{"minLength": 2}]}, STRING),
    ],
)  # fmt: skip
def test_openapi_v2_leaves_out_what_kubectl_would_misread(schema: JSONObject, left: JSONObject) -> None:
    """Defaults, alternatives, and the types of what may be null or hold unknown fields."""
    assert published(schema, v2=True) == left


def test_root_that_keeps_unknown_fields_is_any_object_in_openapi_v2() -> None:
    """With a single property there, kubectl would refuse all others."""
    (widgets,) = resources_of(a_definition({"type": "object", "description": "D", **KEEPS}))
    found = custom_schemas(widgets, v2=True)["com.example.v1.Widget"]
    assert set(found) == {"type", "x-kubernetes-group-version-kind"}
    assert "properties" in custom_schemas(widgets, v2=False)["com.example.v1.Widget"]


def test_selectable_fields_are_published() -> None:
    """Of the kind and of its lists."""
    (widgets,) = resources_of(a_definition(selectableFields=[{"jsonPath": ".spec.colour"}]))
    for schema in custom_schemas(widgets, v2=False).values():
        assert schema["x-kubernetes-selectable-fields"] == [{"fieldPath": "spec.colour"}]
