"""The shape of a type: what merging, applying, defaulting, pruning and validating need to know of each field.

One value serves the built-in types (derived from the Go types) and custom resources (read from their structural schemas).

Upstream: k8s.io/kube-openapi/pkg/generators/openapi.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, cast

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types.containers import ListType, MapType
from rootspan_apiserver.types.model import Field, OpenAPIType, Published, Type
from rootspan_apiserver.types.scalars import BooleanType, FloatType, IntegerType, StringType
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types
from rootspan_apiserver.types.well_known import ObjectType

JUNCTORS = ("allOf", "anyOf", "oneOf")


@dataclass(slots=True, eq=False)
class Schema:
    """A node of the tree of types; recursive types point back to themselves, so compare by identity.

    `type` is an OpenAPI type, or "" for any value. `properties` are an object's known fields, `additional` the schema of a map's values,
    `items` that of an array's elements. `list_type`, `list_map_keys` and `map_type` steer server-side apply, `patch_strategies` and
    `patch_merge_key` the strategic merge patch (x-kubernetes-* extensions of the published OpenAPI).
    """

    type: OpenAPIType = ""
    format: str = ""
    properties: Mapping[str, "Schema"] = field(default_factory=dict)
    additional: "Schema | None" = None
    items: "Schema | None" = None
    required: frozenset[str] = frozenset()
    default: Any = None
    enum: tuple[Any, ...] = ()
    nullable: bool = False
    int_or_string: bool = False
    preserve_unknown_fields: bool = False
    embedded_resource: bool = False
    list_type: Literal["atomic", "set", "map", ""] = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: Literal["atomic", "granular", ""] = ""
    patch_strategies: frozenset[str] = frozenset()
    patch_merge_key: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def struct_name(self) -> str:
        """The Go name of a built-in struct, "" for any other value."""
        return ""


class _StructSchema(Schema):
    """The schema of a struct. What depends on its fields is derived when first asked for, as structs refer to each other in circles."""

    __slots__ = ("_struct",)

    def __init__(self, struct: StructType, **facts: Any) -> None:
        super().__init__(type="object", **facts)
        del self.properties, self.required, self.preserve_unknown_fields
        self._struct = struct

    @property
    def struct_name(self) -> str:
        return self._struct.name.rpartition(".")[2]

    def __getattr__(self, name: str) -> Any:
        """Derive an attribute that is not set yet."""
        if name == "properties":
            self.properties = _properties(self._struct)
        elif name == "required":
            fields = self._struct.fields.items()
            self.required = frozenset(name for name, field in fields if field.published.required)
        elif name == "preserve_unknown_fields":
            self.preserve_unknown_fields = not self._struct.declared
        else:
            raise AttributeError(name)
        return getattr(self, name)


def schema_of(kind: GroupVersionKind) -> Schema:
    """Return the schema of a built-in kind.

    Raises:
        KeyError: the kind is not built in.
    """
    return struct_schema(go_types().builtin(kind))


def schema_named(name: str) -> Schema:
    """Return the schema of a struct by its name in the table, e.g. `meta/v1.ObjectMeta`. Raises KeyError if there is none."""
    return struct_schema(go_types().struct(name))


@cache
def struct_schema(struct: StructType) -> Schema:
    """Return the schema of a struct."""
    return _struct_schema(struct, Published())


def published_default(field: Field) -> Any:
    """Return the default that OpenAPI declares for a field: Go's marker, or the zero value of a required scalar or of a struct."""
    if field.published.default is not None:
        return field.published.default
    if field.pointer:
        return None
    if isinstance(field.type, StructType):
        return {}
    is_scalar = isinstance(field.type, StringType | BooleanType | IntegerType | FloatType)
    return field.zero() if is_scalar and not field.left_out_when_empty else None


@cache
def _properties(struct: StructType) -> Mapping[str, Schema]:
    return {
        name: _schema(field.type, field.published, published_default(field)) for name, field in struct.fields.items()
    }


def _schema(go_type: Type, published: Published, default: Any = None) -> Schema:
    if isinstance(go_type, StructType):
        return _struct_schema(go_type, published, default)
    facts = _facts(published, default)
    if isinstance(go_type, ListType):
        return Schema(type="array", items=_element(go_type.element), **facts)
    if isinstance(go_type, MapType):
        return Schema(type="object", additional=_element(go_type.element), **facts)
    if isinstance(go_type, ObjectType):
        facts["map_type"] = "atomic"  # an object without declared fields has one owner
    return Schema(
        type=go_type.openapi_type,
        format=go_type.openapi_format,
        int_or_string=go_type.int_or_string,
        preserve_unknown_fields=bool(go_type.name),
        **facts,
    )


def _struct_schema(struct: StructType, published: Published, default: Any = None) -> Schema:
    facts = _facts(published, default)
    facts["map_type"] = facts["map_type"] or struct.map_type
    return _StructSchema(struct, **facts)


@cache
def _element(go_type: Type) -> Schema:
    return _schema(go_type, Published())


def _facts(published: Published, default: Any) -> dict[str, Any]:
    return {
        "default": default,
        "list_type": published.list_type,
        "list_map_keys": published.list_map_keys,
        "map_type": cast("Any", published.map_type),
        "patch_strategies": frozenset(filter(None, published.patch_strategy.split(","))),
        "patch_merge_key": published.patch_merge_key,
    }
