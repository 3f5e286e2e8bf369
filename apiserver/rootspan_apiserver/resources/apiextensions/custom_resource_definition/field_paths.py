"""Paths of fields in a schema: of selectable fields, and of what a rule in CEL blames.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (ValidFieldPath)
"""

import re
from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]]+", re.DOTALL)


def schema_at(path: str, schema: JSONObject, *, brackets: bool = True) -> tuple[tuple[str, ...], JSONObject]:
    """Return the names on a path like `.spec.limits['a b']`, and the schema of the field that it leads to.

    Args:
        brackets: whether names in brackets are allowed.

    Raises:
        ValueError: it leads to no field, with upstream's words.
    """
    tokens = iter(_TOKEN.findall(path))
    names: list[str] = []
    for token in tokens:
        if token == "[" and not brackets:
            raise ValueError("array notation is not allowed")
        if token not in (".", "["):
            raise ValueError(f"expected [ or . but got: {token}")
        name = _next(tokens)
        if token == "[":
            if len(name) < 2 or name[0] != "'" or name[-1] != "'":
                raise ValueError(f"expected single quoted string but got {name}")
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        schema = _child(schema, name)
        names.append(name)
        if token == "[" and (end := _next(tokens)) != "]":
            raise ValueError(f"expected ] but got {end}")
    return tuple(names), schema


def _next(tokens: Iterator[str]) -> str:
    found = next(tokens, None)
    if found is None:
        raise ValueError("unexpected end of JSON path")
    return found


def _child(schema: JSONObject, name: str) -> JSONObject:
    properties, additional = schema.get("properties"), schema.get("additionalProperties")
    child = properties.get(name) if properties else additional
    if not isinstance(child, dict):
        raise ValueError("does not refer to a valid field")
    return child
