"""Custom resources as they are read from what is stored, and as they are stored."""

from copy import deepcopy

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.pruning import prune, prune_nulls
from rootspan_apiserver.resources.custom.stored_form import StoredForm
from rootspan_apiserver.resources.custom.structural import structural_schema

STRING: JSONObject = {"type": "string"}
POD: JSONObject = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}


def schema_of(**properties: JSONObject) -> JSONObject:
    return {"type": "object", "properties": properties}


FORM = StoredForm(
    {
        "a.b/v1": structural_schema(schema_of(old=STRING, both=STRING, seen={**STRING, "default": "v1"}, pod=POD)),
        "a.b/v2": structural_schema(schema_of(new=STRING, both=STRING, seen={**STRING, "default": "v2"})),
    }
)


def an_object(api_version: str, **fields: object) -> JSONObject:
    return {"kind": "A", "apiVersion": api_version, "metadata": {"name": "a"}, **fields}


def test_stored_object_is_read_through_the_schema_of_its_version() -> None:
    """It is pruned and defaulted by the schema of the version that it is stored in, whatever that was when it was written."""
    assert FORM.read(an_object("a.b/v1", old="x", both="y", gone="z")) == an_object(
        "a.b/v1", old="x", both="y", seen="v1"
    )
    assert FORM.read(an_object("a.b/v2", new="n", old="o")) == an_object("a.b/v2", new="n", seen="v2")


def test_converted_object_is_pruned_and_not_defaulted() -> None:
    """What the other version does not know is left out, on the way to the store and back."""
    assert FORM.tidied(an_object("a.b/v1", new="n", both="y")) == an_object("a.b/v1", both="y")


def test_object_of_an_unknown_version_stays_as_it_is() -> None:
    """A version that was removed from the definition has no schema."""
    assert FORM.read(an_object("a.b/v0", some="s")) == an_object("a.b/v0", some="s")


def test_malformed_metadata_of_a_stored_resource_inside_another_is_dropped() -> None:
    """An object from before the schema asked for a resource can be read still: fields of the wrong type are left out."""
    pod = {"apiVersion": 1, "kind": "Pod", "metadata": {"name": "p", "labels": "none", "unknown": 1}, "spec": {"x": 1}}
    read = FORM.read(an_object("a.b/v1", pod=pod))
    assert read["pod"] == {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"x": 1}}


@pytest.mark.parametrize(
    ("schema", "value", "left", "pruned"),
    [
        (schema_of(a=STRING), {"a": "1", "b": "2"}, {"a": "1"}, ["b"]),
        (schema_of(a=schema_of(b=STRING)), {"a": {"b": "1", "c": 1}}, {"a": {"b": "1"}}, ["a.c"]),
        (schema_of(a={"type": "array", "items": schema_of()}), {"a": [{"b": 1}, {}]}, {"a": [{}, {}]}, ["a[0].b"]),
        (schema_of(a={"type": "object", "additionalProperties": True}), {"a": {"b": 1, "c": {"d": 1}}}, {"a": {"b": 1, "c": {}}}, ["a.c.d"]),
        (schema_of(a={"type": "object", "additionalProperties": schema_of(b=STRING)}), {"a": {"k": {"b": "1", "c": 1}}}, {"a": {"k": {"b": "1"}}}, ["a.k.c"]),
        (schema_of(a={"x-kubernetes-preserve-unknown-fields": True}), {"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 1}]}}, []),
        (schema_of(a={**schema_of(b=schema_of()), "x-kubernetes-preserve-unknown-fields": True}), {"a": {"b": {"c": 1}, "d": {"e": 1}}}, {"a": {"b": {}, "d": {"e": 1}}}, ["a.b.c"]),
        (schema_of(a={**schema_of(spec=schema_of()), "x-kubernetes-embedded-resource": True}), {"a": {"kind": "K", "metadata": {"x": 1}, "other": 1}}, {"a": {"kind": "K", "metadata": {"x": 1}}}, ["a.other"]),
    ],
)  # fmt: skip
def test_undeclared_fields_are_pruned(
    schema: JSONObject, value: JSONObject, left: JSONObject, pruned: list[str]
) -> None:
    """A field stays where the schema, or a schema above it that keeps unknown fields, has a place for it."""
    value = deepcopy(value)
    assert prune(value, structural_schema(schema)) == pruned
    assert value == left


def test_nulls_that_are_not_allowed_are_pruned() -> None:
    """Null stays where it is allowed, where a default replaces it, and in lists."""
    schema = schema_of(
        plain=STRING,
        nullable={**STRING, "nullable": True},
        defaulted={**STRING, "default": "d"},
        listed={"type": "array", "items": STRING},
        map={"type": "object", "additionalProperties": STRING},
    )
    value: JSONObject = {"plain": None, "nullable": None, "defaulted": None, "listed": [None], "map": {"k": None}}
    prune_nulls(value, structural_schema(schema))
    assert value == {"nullable": None, "defaulted": None, "listed": [None], "map": {}}
