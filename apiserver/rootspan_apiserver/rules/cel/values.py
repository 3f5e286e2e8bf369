"""The values of CEL in Python.

| CEL | Python |
|---|---|
| `bool`, `int`, `double`, `string`, `bytes`, `null_type` | `bool`, `int`, `float`, `str`, `bytes`, `None` |
| `uint` | `ast.UInt` |
| `list` | `list`; a subclass where a schema gives it another equality (`schema_values.py`) |
| `map` | `dict`, `FieldsValue` for objects with declared fields |
| `duration`, `timestamp`, `type`, `optional_type` | `Duration`, `Timestamp`, `TypeValue`, `OptionalValue` |
| opaque types of libraries | subclasses of `OpaqueValue` |

Values are never changed, and JSON as it was read is a value. `bool` is a subclass of `int` in Python, hence classes are compared
by identity.

Upstream: github.com/google/cel-go/common/types/
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rootspan_apiserver.kube.go_numbers import format_bool, format_float
from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.errors import CELEvaluationError

MINIMUM_INT, MAXIMUM_INT, MAXIMUM_UINT = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1
NANOSECONDS = 10**9
MINIMUM_SECONDS, MAXIMUM_SECONDS = -62135596800, 253402300799
"""The years 1 to 9999, in seconds since 1970."""


class _Missing:
    """What a look-up returns that finds no value."""


MISSING = _Missing()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A duration of 64 bits."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment between the years 1 and 9999, in nanoseconds since 1970.

    `offset` is the offset from UTC, in seconds, that it was written with.
    """

    nanoseconds: int
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value, as `type(1)` is."""

    name: str


@dataclass(frozen=True, slots=True)
class OptionalValue:
    """A value that may be absent, in which case it is MISSING."""

    value: Any = MISSING

    @property
    def has_value(self) -> bool:
        """Whether there is a value."""
        return self.value is not MISSING


NONE = OptionalValue()


class OpaqueValue:
    """A value of a library, such as an IP address. `size` counts for the cost of some functions."""

    __slots__ = ()
    type_name: ClassVar[str]

    @property
    def size(self) -> int:
        """The size that counts for costs."""
        return 1

    def text(self) -> str:
        """Return the text in which the value is shown."""
        return str(self)


class FieldsValue:
    """An object whose fields are selected by name; it is a map to functions that get any value.

    It is no abstract base class, whose `isinstance` is slow.
    """

    __slots__ = ()

    def find(self, key: str) -> Any:
        """Return the value of a field, MISSING if it is absent. Raises CELEvaluationError if the value cannot be made."""
        raise NotImplementedError

    def keys(self) -> Iterable[str]:
        """Return the names of the fields that are present."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def has(self, key: str) -> bool:
        """Return whether a field is present."""
        return self.find(key) is not MISSING


_NAMES = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    dict: "map",
    Duration: "google.protobuf.Duration",
    Timestamp: "google.protobuf.Timestamp",
    TypeValue: "type",
    OptionalValue: "optional_type",
}


def type_name(value: Any) -> str:
    """Return the name of the type of a value."""
    found = _NAMES.get(value.__class__)
    if found is not None:
        return found
    if isinstance(value, OpaqueValue):
        return value.type_name
    return "list" if isinstance(value, list) else "map"


def size_of(value: Any) -> int:
    """Return the size of a value that counts for costs: code points, bytes, elements; 1 for scalars."""
    if isinstance(value, str | list | dict | bytes | FieldsValue):
        return len(value)
    if isinstance(value, OpaqueValue):
        return value.size
    if value.__class__ is OptionalValue and value.has_value:
        return size_of(value.value)
    return 1


def is_zero(value: Any) -> bool:
    """Return whether a value is the zero value of its type, as `optional.ofNonZeroValue` tests it."""
    if value is None:
        return True
    if isinstance(value, OpaqueValue | FieldsValue | TypeValue | OptionalValue):
        return False
    if isinstance(value, Duration):
        return value.nanoseconds == 0
    if isinstance(value, Timestamp):
        return value.nanoseconds == MINIMUM_SECONDS * NANOSECONDS
    return not value


def shown(value: Any) -> str:
    """Return a value as it stands in errors, which is how Go prints it with `%v`."""
    if value.__class__ is bool:
        return format_bool(value)
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, OpaqueValue):
        return value.text()
    if isinstance(value, TypeValue):
        return value.name
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, OptionalValue):
        return f"optional({shown(value.value)})" if value.has_value else "optional.none()"
    return "0" if value is None else str(value)


def no_such_overload(function: str = "", *arguments: Any) -> CELEvaluationError:
    """Return the error of a call with arguments that no overload takes."""
    if not function:
        return CELEvaluationError("no such overload")
    if not arguments:
        return CELEvaluationError(f"no such overload: {function}")
    return CELEvaluationError(f"no such overload: {function}({', '.join(map(type_name, arguments))})")


def no_such_operator(function: str, value: Any) -> CELEvaluationError:
    """Return the error of an operator that a value does not have. Texts, timestamps and durations do not name it."""
    return no_such_overload() if isinstance(value, str | Timestamp | Duration) else no_such_overload(function)


def no_such_key(key: Any) -> CELEvaluationError:
    """Return the error of a look-up that finds no value."""
    return CELEvaluationError(f"no such key: {shown(key)}")
