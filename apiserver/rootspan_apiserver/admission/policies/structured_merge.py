"""Apply a configuration that a policy makes to an object, by the schema of its kind.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.managed_fields.checking import check, listed_errors
from rootspan_apiserver.managed_fields.merging import merge
from rootspan_apiserver.managed_fields.shape import SchemaMismatchError, field_schema, item_schema
from rootspan_apiserver.types.schema import Schema


class MutationError(Exception):
    """A mutation cannot be carried out."""


def apply_structured_merge_diff(
    live: JSONObject, applied: JSONObject, kind: GroupVersionKind, schema: Schema
) -> JSONObject:
    """Return the live object with the applied configuration merged into it.

    Raises:
        MutationError: the configuration does not fit the schema, or sets what is replaced as a whole: atomic lists, maps and structs.
    """
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    configuration = {**applied, **head}
    if errors := [*_nulls("", configuration, schema), *check(configuration, schema)]:
        raise MutationError(f"failed to convert patch object to typed object: {listed_errors(errors)}")
    if atomics := list(_atomics("", configuration, schema)):
        words = f"may not mutate atomic arrays, maps or structs: {', '.join(atomics)}"
        raise MutationError(f"invalid ApplyConfiguration: {words}")
    try:
        merged: JSONObject = merge(live, configuration, schema)
    except SchemaMismatchError as error:
        raise MutationError(f"failed to merge patch: {error}") from error
    return merged


def _nulls(path: str, value: Any, schema: Schema) -> Iterator[str]:
    """Yield the errors of nulls, which are no JSON null: they have a type of their own, which fits none."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _nulls(f"{path}.{name}", item, field_schema(schema, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(f"{path}[{index}]", item, item_schema(schema))
    elif value is None and (expected := _EXPECTED.get(schema.type)):
        yield f"{path}: expected {expected}"


_EXPECTED = MappingProxyType(
    {
        "object": "map, got &{NULL_VALUE}",
        "array": "list, got &{NULL_VALUE}",
        "boolean": "boolean, got &{NULL_VALUE}",
        "string": "string, got &value.valueUnstructured{Value:0}",
        "integer": "numeric (int or float), got structpb.NullValue",
        "number": "numeric (int or float), got structpb.NullValue",
    }
)


def _atomics(path: str, value: Any, schema: Schema) -> Iterator[str]:
    """Yield the paths of what is set in the value and is atomic in its schema."""
    if isinstance(value, dict):
        if schema.map_type == "atomic":
            yield path
        for name, item in value.items():
            if name in schema.properties:
                yield from _atomics(f"{path}.{name}", item, field_schema(schema, name))
    elif isinstance(value, list):
        if schema.list_type not in {"map", "set"}:
            yield path
        for index, item in enumerate(value):
            yield from _atomics(f"{path}[{index}]", item, item_schema(schema))
