"""What expressions of mutating policies construct: apply configurations (`Object{}`) and the operations of JSON patches (`JSONPatch{}`).

Upstream: staging/src/k8s.io/apiserver/pkg/cel/mutation/dynamic/objects.go, staging/src/k8s.io/apiserver/pkg/cel/mutation/jsonpatch.go
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rootspan_apiserver.resources.admissionregistration.expression_types import JSON_PATCH
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue

_TEXTS = ("op", "path", "from")


class ConstructedObject(FieldsValue):
    """An object of the type `type_name` with the fields that the expression gives it."""

    __slots__ = ("fields", "type_name")

    def __init__(self, type_name: str, fields: Mapping[str, Any]) -> None:
        self.type_name = type_name
        self.fields = fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConstructedObject) and (self.type_name, self.fields) == (other.type_name, other.fields)

    def __hash__(self) -> int:
        return hash((self.type_name, tuple(self.fields)))

    def find(self, key: str) -> Any:
        found = self.fields.get(key, MISSING)
        return "" if found is MISSING and self.type_name == JSON_PATCH and key in _TEXTS else found

    def has(self, key: str) -> bool:
        return bool(self.find(key)) if key in _TEXTS else key in self.fields

    def keys(self) -> Iterable[str]:
        return self.fields.keys()

    def __len__(self) -> int:
        return len(self.fields)


def misnamed(value: Any, expected: str) -> Iterator[str]:
    """Yield an error for each object whose type is not named after its place, such as `Object.spec` in the field `spec` of `Object`."""
    if isinstance(value, ConstructedObject):
        if value.type_name != expected:
            words = "which matches field name path from root Object type"
            yield f'unexpected type name "{value.type_name}", expected "{expected}", {words}'
        for name, item in value.fields.items():
            yield from misnamed(item, f"{expected}.{name}")
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from misnamed(item, expected)
