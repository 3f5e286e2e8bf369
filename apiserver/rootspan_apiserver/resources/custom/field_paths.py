"""The `fieldPath` of a rule in CEL: `.spec.a['b.c']`.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (ValidFieldPath)
"""

import re
from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules import Path

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]]+")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
_NO_FIELD = "does not refer to a valid field"


def normalized_field_path(text: str, published: JSONObject) -> str:
    """Return a path as errors show it, "" if it is not valid."""
    try:
        return str(field_path(text, published)) if text else ""
    except ValueError:
        return ""


def field_path(text: str, published: JSONObject) -> Path:
    """Return a path in the values of a schema. Raises ValueError, with upstream's words, if they have no such field."""
    path, schema = Path(), published
    tokens = iter(_TOKEN.findall(text))
    for token in tokens:
        if token == ".":
            name = _next(tokens)
        elif token == "[":
            name = _quoted(_next(tokens))
            if (closing := _next(tokens)) != "]":
                raise ValueError(f"expected ] but got {closing}")
        else:
            raise ValueError(f"expected [ or . but got: {token}")
        path, schema = _step(path, schema, name)
    return path


def _step(path: Path, schema: JSONObject, name: str) -> tuple[Path, JSONObject]:
    properties, additional = schema.get("properties"), schema.get("additionalProperties")
    if properties is not None:
        if name not in properties:
            raise ValueError(_NO_FIELD)
        return path / name, properties[name]
    if not isinstance(additional, dict):
        raise ValueError(_NO_FIELD)
    return path.key(name), additional


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise ValueError("unexpected end of JSON path")
    return token


def _quoted(token: str) -> str:
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise ValueError(f"expected single quoted string but got {token}")

    def unescaped(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise ValueError(f"invalid string literal: invalid escape char {match[0]}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", unescaped, token[1:-1], flags=re.DOTALL)
