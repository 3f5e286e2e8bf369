"""Apply the defaults of a structural schema.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go
"""

from copy import deepcopy
from typing import Any

import orjson

from rootspan_apiserver.kube.status import MESSAGE_LIMIT, message_too_large
from rootspan_apiserver.types.schema import Schema


def apply_defaults(value: Any, schema: Schema) -> None:
    """Give each absent field its default, and each null that may not be null; in place.

    Raises:
        StatusError: 500, with its defaults the object is larger than what can be stored. They are not all applied then: a default of
            100 kB below an array would make gigabytes of an object that is small.
    """
    _apply(value, schema, _Size())


class _Size:
    """Counts the bytes that the defaults have as JSON."""

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, name: str, default: Any) -> None:
        self._bytes += len(name) + len(orjson.dumps(default))
        if self._bytes > MESSAGE_LIMIT:
            raise message_too_large(f"({self._bytes} vs. {MESSAGE_LIMIT})")


def _apply(value: Any, schema: Schema, size: _Size) -> None:
    if isinstance(value, list):
        if schema.items is not None:
            for index, item in enumerate(value):
                if item is None:
                    value[index] = _instead_of_null(schema.items, size)
                _apply(value[index], schema.items, size)
    elif isinstance(value, dict):
        for name, child in schema.properties.items():
            if child.default is not None and value.get(name) is None and not (name in value and child.nullable):
                size.add(name, child.default)
                value[name] = deepcopy(child.default)
            if name in value:
                _apply(value[name], child, size)
        if schema.additional is not None:
            for name in value.keys() - schema.properties.keys():
                if value[name] is None:
                    value[name] = _instead_of_null(schema.additional, size)
                _apply(value[name], schema.additional, size)


def _instead_of_null(schema: Schema, size: _Size) -> Any:
    if schema.nullable or schema.default is None:
        return None
    size.add("", schema.default)
    return deepcopy(schema.default)
