"""Values below a path of field names in an object of no type, as the Scale of a custom resource is read.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/unstructured/helpers.go
"""

from collections.abc import Sequence
from typing import Any

from rootspan_apiserver.kube.go_values import go_format, go_type
from rootspan_apiserver.kube.meta import JSONObject


def integer_at(obj: JSONObject, path: str) -> int | None:
    """Return the integer at a dotted path, None where there is nothing.

    Raises:
        ValueError: there is something else, with Go's message.
    """
    found, value = _find(obj, path)
    if not found:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _not_a(value, _names(path), "int64")
    return value


def text_at(obj: JSONObject, path: str) -> str:
    """Return the text at a dotted path, "" where there is nothing. Raises ValueError as `integer_at`."""
    found, value = _find(obj, path)
    if not found:
        return ""
    if not isinstance(value, str):
        raise _not_a(value, _names(path), "string")
    return value


def put(obj: JSONObject, path: str, value: int) -> None:
    """Sets the value at a dotted path, making the objects on the way. Raises ValueError where one of them is something else."""
    *way, last = _names(path)
    for index, name in enumerate(way):
        obj = obj.setdefault(name, {})
        if not isinstance(obj, dict):
            raise ValueError(
                f"value cannot be set because {_dotted(way[: index + 1])} is not a map[string]interface{{}}"
            )
    obj[last] = value


def _find(obj: JSONObject, path: str) -> tuple[bool, Any]:
    value: Any = obj
    names = _names(path)
    for index, name in enumerate(names):
        if value is None:
            return False, None
        if not isinstance(value, dict):
            raise _not_a(value, names[: index + 1], "map[string]interface{}")
        if name not in value:
            return False, None
        value = value[name]
    return True, value


def _names(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _dotted(names: Sequence[str]) -> str:
    return "." + ".".join(names)


def _not_a(value: Any, names: Sequence[str], wanted: str) -> ValueError:
    shown = f"{go_format(value)} is of the type {go_type(value)}, expected {wanted}"
    return ValueError(f"{_dotted(names)} accessor error: {shown}")
