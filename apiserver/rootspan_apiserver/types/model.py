"""What all Go types have in common, and the fields of structs."""

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from rootspan_apiserver.types import wire
from rootspan_apiserver.types.reading import FieldName, Reading

OpenAPIType = Literal["object", "array", "string", "integer", "number", "boolean", ""]


class Type(ABC):
    """A Go type, as JSON and protobuf represent it. Types are compared by identity.

    Args:
        go_name: the type's name in Go's error messages (`v1.Protocol`, `[]string`).
    """

    go_kind: str
    """The `reflect.Kind` of the type in Go's error messages."""
    openapi_type: ClassVar[OpenAPIType] = ""
    openapi_format: str = ""
    """The published type and format of a type that reads itself; "" for any value."""
    int_or_string: ClassVar[bool] = False
    """Whether the type is published as a string or an integer."""
    omittable: ClassVar[bool] = True
    """Whether `omitempty` leaves out the empty value; it never leaves out a struct."""
    nillable: ClassVar[bool] = False
    """Whether the empty value differs from nil: a list or a map."""
    empty_is_nil_in_protobuf: ClassVar[bool] = True
    """Whether protobuf cannot tell the empty value from nil."""
    nil_in_protobuf: ClassVar[bool] = False
    """Whether protobuf leaves out a value that was not set."""
    wire_type: int = wire.BYTES
    name: str = ""
    """The name in the table of a struct, or of a type that reads and writes itself; "" for all others."""
    literal: ClassVar[type | None] = None
    """Values of exactly this Python class are read and written as they are."""

    def __init__(self, go_name: str) -> None:
        self.go_name = go_name

    @abstractmethod
    def zero(self) -> Any:
        """Return the JSON value that Go writes for a value that was not set; None for null."""

    def null_item(self) -> Any:
        """Return the JSON value of a null in a map, which protobuf stores as the empty value."""
        return self.zero()

    @abstractmethod
    def read(self, value: Any, reading: Reading) -> Any:
        """Return a JSON value, which is not null, as Go would write it after reading it.

        Raises:
            NotDecodableError: the value does not fit the type.
        """

    def write(self, value: Any) -> Any:
        """Return a value of the type in the order in which Go writes it."""
        return value

    def normalise(self, value: Any) -> None:  # noqa: B027  # a scalar has one form only
        """Bring a value to the form that Go gives it, with declared defaults, in place; values of other types are left alone."""

    def forget_empty(self, value: Any) -> None:  # noqa: B027  # a scalar holds none
        """Make the empty lists and maps in a value nil, in place, as a round trip through protobuf does."""

    @abstractmethod
    def encode(self, tag: bytes, value: Any) -> bytes:
        """Return the protobuf field with the key `tag`; `value` may be None for the zero value."""

    @abstractmethod
    def decode(self, value: int | memoryview, depth: int) -> Any:
        """Return the JSON value of a protobuf field, whose wire type has been checked.

        Raises:
            NotDecodableError: the value does not fit the type.
        """

    def accumulate(self, before: Any, value: int | memoryview, field: tuple[int, int], depth: int) -> Any:
        """Return the value of a protobuf field that occurs after `before` (None at first). `field` is its number and wire type."""
        self.check_wire_type(field)
        return self.decode(value, depth)

    def check_wire_type(self, field: tuple[int, int]) -> None:
        """Raise NotDecodableError if a protobuf field (number and wire type) has another wire type than this type."""
        number, wire_type = field
        if wire_type != self.wire_type:
            raise wire.wrong_wire_type(wire_type, number)


@dataclass(frozen=True, kw_only=True, eq=False)
class Published:
    """What the OpenAPI documents say of a field, beyond its type; `gates` are the feature gates that guard it."""

    required: bool = False
    default: Any = None
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""
    patch_strategy: str = ""
    patch_merge_key: str = ""
    gates: tuple[str, ...] = ()


class Field:
    """A field of a struct.

    Args:
        path_name: what paths show of the field. Its `name` is the name in JSON; "" for an embedded struct, whose fields belong to the
            struct around it in JSON, while protobuf nests it.
        number: the protobuf field number, 0 where protobuf does not carry the field.
        pointer: whether the type stands behind a pointer, so that the zero value differs from null.
        omit_empty, omit_zero: the options of the JSON tag.
    """

    __slots__ = (
        "absent_when_zero",
        "always_written",
        "left_out_when_empty",
        "name",
        "nil_in_protobuf",
        "number",
        "path_name",
        "pointer",
        "published",
        "tag",
        "type",
    )

    def __init__(
        self,
        *,
        path_name: FieldName,
        number: int,
        go_type: Type,
        pointer: bool,
        omit_empty: bool,
        omit_zero: bool,
        published: Published,
    ) -> None:
        self.path_name = path_name
        self.name = path_name.name
        self.number = number
        self.type = go_type
        self.pointer = pointer
        self.published = published
        self.left_out_when_empty = omit_empty and go_type.omittable and not pointer
        self.absent_when_zero = self.left_out_when_empty and not go_type.nillable
        self.always_written = not omit_zero and (not omit_empty or not (go_type.omittable or pointer))
        self.nil_in_protobuf = pointer or go_type.nil_in_protobuf
        self.tag = wire.varint(number << 3 | go_type.wire_type)

    def promoted(self, struct: str, embedded: str) -> "Field":
        """Return the field as one of the struct that embeds the field's own struct under the name `embedded`."""
        promoted = copy(self)
        promoted.path_name = FieldName(self.name, struct, f"{embedded}.{self.path_name.embedded_in}")
        return promoted

    def zero(self) -> Any:
        """Return what Go writes where the field was not set; None for null."""
        return None if self.pointer else self.type.zero()
