"""What the loops over keys and values build maps with.

Upstream: github.com/google/cel-go/ext/comprehensions.go, common/types/map.go (InsertMapKeyValue)
"""

from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.rules.cel.equality import find
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.arithmetic import AccumulatorMap
from rootspan_apiserver.rules.cel.values import MISSING, shown


def _insert(mapping: Any, key: Any, value: Any) -> Any:
    if find(mapping, key) is not MISSING:
        raise CELEvaluationError(f"insert failed: key {shown(key)} already exists")
    if mapping.__class__ is AccumulatorMap:
        mapping[key] = value
        return mapping
    return {**{name: find(mapping, name) for name in mapping.keys()}, key: value}  # noqa: SIM118  # FieldsValue is no mapping to Python


def _insert_all(mapping: Any, other: Any) -> Any:
    for key in other.keys():  # noqa: SIM118  # FieldsValue is no mapping to Python
        mapping = _insert(mapping, key, find(other, key))
    return mapping


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "@mapInsert_map_key_value": _insert,
    "@mapInsert_map_map": _insert_all,
}
