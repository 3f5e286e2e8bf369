"""Lists that are sets, or maps by keys: no element is there twice.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path
from rootspan_apiserver.types.schema import Schema


def check_lists(value: Any, schema: Schema, path: Path) -> Iterator[FieldError]:
    """Yield the duplicates in the lists of a value, each where it appears for the second time."""
    if isinstance(value, list):
        if schema.list_type == "set":
            yield from _duplicates(value, path)
        elif schema.list_type == "map":
            yield from _keyed(value, schema.list_map_keys, path)
        if schema.items is not None:
            for index, item in enumerate(value):
                yield from check_lists(item, schema.items, path / index)
    elif isinstance(value, dict):
        for name in sorted(value):
            if (child := schema.properties.get(name)) is not None:
                yield from check_lists(value[name], child, path / name)
            elif schema.additional is not None:
                yield from check_lists(value[name], schema.additional, path.key(name))


def _keyed(value: list[Any], keys: tuple[str, ...], path: Path) -> Iterator[FieldError]:
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            yield FieldError.invalid(path / index, item, "must be an object for an array of list-type map")
            return
    yield from _duplicates([{key: item[key] for key in keys if key in item} if item else {} for item in value], path)


def _duplicates(values: list[Any], path: Path) -> Iterator[FieldError]:
    seen: Counter[bytes] = Counter()
    for index, value in enumerate(values):
        identity = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        seen[identity] += 1
        if seen[identity] == 2:
            yield FieldError.duplicate(path / index, value)
