"""The old value that corresponds to each part of a new one, so that what is wrong but did not change is no error (ratcheting).

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/equality.go, maplist.go
"""

from typing import Any

from rootspan_apiserver.types.schema import Schema

_UNKNOWN = object()


class Correlated:
    """A value in an update, and what it was before."""

    __slots__ = ("_elements", "_equal", "_old", "_schema", "_value")

    def __init__(self, value: Any, old: Any, schema: Schema) -> None:
        self._value = value
        self._old = old
        self._schema = schema
        self._equal: bool | None = None
        self._elements: dict[tuple[Any, ...], Any] | None = None

    def key(self, name: str) -> "Correlated | None":
        """Return the field `name` of an object that had it before, too; None where the schema does not know it."""
        value, old = self._value, self._old
        if not (isinstance(value, dict) and isinstance(old, dict) and name in value and name in old):
            return None
        schema = self._schema.properties.get(name, self._schema.additional)
        return None if schema is None else Correlated(value[name], old[name], schema)

    def index(self, index: int) -> "Correlated | None":
        """Return the element of a list that is a map by keys, where the old list has one of the same keys."""
        schema, value, old = self._schema, self._value, self._old
        if schema.list_type != "map" or schema.items is None or not (isinstance(value, list) and isinstance(old, list)):
            return None
        if self._elements is None:
            self._elements = {}
            for element in old:
                if (keys := keys_of(element, schema.list_map_keys)) is not None:
                    self._elements.setdefault(keys, element)
        wanted = keys_of(value[index], schema.list_map_keys)
        found = self._elements.get(wanted, _UNKNOWN) if wanted is not None else _UNKNOWN
        return None if found is _UNKNOWN else Correlated(value[index], found, schema.items)

    def is_unchanged(self) -> bool:
        """Return whether the value is what it was; the order of a list that is a map by keys does not count."""
        if self._equal is None:
            self._equal = self._compare()
        return self._equal

    def _compare(self) -> bool:
        value, old = self._value, self._old
        if type(value) is not type(old):
            return False
        if isinstance(value, dict):
            # A field that the schema does not declare has no counterpart, even if it did not change.
            children = [self.key(name) for name in value]
        elif isinstance(value, list) and self._schema.list_type == "map":
            children = [self.index(index) for index in range(len(value))]
        else:
            return value == old and _same_types(value, old)
        return len(value) == len(old) and all(child is not None and child.is_unchanged() for child in children)


def _same_types(value: Any, old: Any) -> bool:
    """Return whether two values that are equal to Python are so to Go, for which 1, 1.0 and true are three."""
    if isinstance(value, dict):
        return all(_same_types(inner, old[name]) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_same_types, value, old))
    return type(value) is type(old)


def keys_of(element: Any, names: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Return the values of an element's keys, None if it has not got them all."""
    if not isinstance(element, dict):
        return None
    keys = tuple((type(element.get(name)), element.get(name)) for name in names)
    return None if any(isinstance(key, dict | list | None) for _, key in keys) else keys
