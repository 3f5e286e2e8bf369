"""The types of CEL: primitive types, lists, maps, optionals, opaque types of libraries, and objects with declared fields.

Upstream: github.com/google/cel-go/common/types/types.go, staging/src/k8s.io/apiserver/pkg/cel/types.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """The kinds of types."""

    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"
    NULL = "null_type"
    DURATION = "google.protobuf.Duration"
    TIMESTAMP = "google.protobuf.Timestamp"
    DYN = "dyn"
    ERROR = "!error!"
    LIST = "list"
    MAP = "map"
    TYPE = "type"
    TYPE_PARAMETER = "type parameter"
    OPAQUE = "opaque"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class CELType:
    """A type. `name` is the runtime name; `parameters` are those of lists, maps, types and opaque types such as `optional_type`."""

    kind: Kind
    name: str
    parameters: "tuple[CELType, ...]" = ()


BOOL, INT, UINT, DOUBLE = (CELType(k, k.value) for k in (Kind.BOOL, Kind.INT, Kind.UINT, Kind.DOUBLE))
STRING, BYTES, NULL = (CELType(k, k.value) for k in (Kind.STRING, Kind.BYTES, Kind.NULL))
DURATION, TIMESTAMP = (CELType(k, k.value) for k in (Kind.DURATION, Kind.TIMESTAMP))
DYN, ERROR = CELType(Kind.DYN, "dyn"), CELType(Kind.ERROR, "!error!")
ANY = CELType(Kind.DYN, "any")
"""Any value but a list or map to loop over; otherwise it is like `DYN`."""


def list_of(element: CELType) -> CELType:
    """Return the type of a list."""
    return CELType(Kind.LIST, "list", (element,))


def map_of(key: CELType, value: CELType) -> CELType:
    """Return the type of a map."""
    return CELType(Kind.MAP, "map", (key, value))


def type_of(inner: CELType) -> CELType:
    """Return the type of a type."""
    return CELType(Kind.TYPE, "type", (inner,))


def parameter(name: str) -> CELType:
    """Return a type parameter of a function, such as `A`."""
    return CELType(Kind.TYPE_PARAMETER, name)


def opaque(name: str, *parameters: CELType) -> CELType:
    """Return an abstract type of a library, such as `kubernetes.Quantity`."""
    return CELType(Kind.OPAQUE, name, parameters)


def optional(inner: CELType) -> CELType:
    """Return the type of an optional value."""
    return opaque("optional_type", inner)


def object_type(name: str) -> CELType:
    """Return the type of an object whose fields an `ObjectTypes` knows by the name."""
    return CELType(Kind.OBJECT, name)


IP, CIDR = opaque("net.IP"), opaque("net.CIDR")
URL, QUANTITY, SEMVER, NAMED_FORMAT = (
    object_type(f"kubernetes.{name}") for name in ("URL", "Quantity", "Semver", "NamedFormat")
)
AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION = (
    object_type(f"kubernetes.authorization.{name}")
    for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")
)
_SHOWN = {Kind.DURATION: "duration", Kind.TIMESTAMP: "timestamp", Kind.NULL: "null"}


def shown(cel_type: CELType) -> str:
    """Return a type as messages show it, such as `map(string, duration)`."""
    if not cel_type.parameters:
        return _SHOWN.get(cel_type.kind, cel_type.name)
    return f"{cel_type.name}({', '.join(map(shown, cel_type.parameters))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaType:
    """A `CELType` with what a schema says of the size of its values, as the cost estimator needs it.

    `max_elements` bounds the length of a string, list or map, and is 0 of other values, as upstream counts them. `fields` has the
    fields of an object under their escaped names; `element` and `key` the declared types in a list or map.
    """

    type: CELType
    max_elements: int = 0
    min_serialized_size: int = 0
    element: "SchemaType | None" = None
    key: "SchemaType | None" = None
    fields: "Mapping[str, SchemaField]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaField:
    """A field of an object: its name in the object (not escaped), and its declared type."""

    name: str
    type: SchemaType
    required: bool = False
