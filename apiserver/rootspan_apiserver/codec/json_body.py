"""Decode JSON text: duplicate keys are reported, depth is bounded, errors are Go's.

Upstream: sigs.k8s.io/json/internal/golang/encoding/json/decode.go
"""

import json
import re
from collections import Counter
from typing import Any

import orjson

from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.json_syntax import explain
from rootspan_apiserver.types.json_values import MAXIMUM_DEPTH, DuplicateKeys, check_depth
from rootspan_apiserver.types.problems import NotDecodableError

"""Of a body. An object is 4 levels deeper with its managedFields, in reviews and tables some more, and what writes JSON ends at 254."""
_SPACED_COLONS = (b" :", b"\n:", b"\t:", b"\r:")
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_KEY = re.compile(rb'(?<!\\)"\s*:')


def load(body: bytes, *, duplicates: bool) -> Any:
    """Return the value of a JSON text; with `duplicates`, objects that repeat a key are `DuplicateKeys`.

    Raises:
        NotDecodableError: not JSON, or nested too deep.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        repaired = _with_replacements(body)
        if repaired == body:
            raise NotDecodableError(_reason(body)) from error
        return load(repaired, duplicates=duplicates)
    if max(body.count(b"{"), body.count(b"[")) > MAXIMUM_DEPTH // 2:
        _check_depth(value, body)
    if duplicates and _written_keys(body) != _count_keys(value):
        return json.loads(body, object_pairs_hook=_pairs, parse_int=integer)
    return value


def _with_replacements(body: bytes) -> bytes:
    """Return a JSON text with U+FFFD for what is no character: bytes that are not UTF-8, and halves of surrogate pairs."""
    if body.isascii() and b"\\ud" not in body and b"\\uD" not in body:
        return body
    if explain(body.decode("latin-1")):
        return body
    text = _NO_CHARACTER.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    return _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text).encode()


def load_object(body: bytes, *, duplicates: bool) -> dict[str, Any]:
    """As `load`, for a text that must be an object with a kind and an apiVersion that are strings."""
    try:
        value = load(body, duplicates=duplicates)
        if value is None:  # Go leaves a struct as it is.
            return {}
    except NotDecodableError as error:
        raise NotDecodableError(f"couldn't get version/kind; json parse error: {error}") from error
    check_type_meta(value)
    read: dict[str, Any] = value
    return read


def check_type_meta(value: Any) -> None:
    """Raises NotDecodableError where the value is no object, or its kind or apiVersion something else than a string or null."""
    if not isinstance(value, dict):
        error = f"json: cannot unmarshal {json_type(value)} into Go value of type {_TYPE_META}"
        raise NotDecodableError(f"couldn't get version/kind; json parse error: {error}")
    for key in ("apiVersion", "kind"):
        if not isinstance(item := value.get(key), str | None):
            field = f"json: cannot unmarshal {json_type(item)} into Go struct field .{key} of type string"
            raise NotDecodableError(f"couldn't get version/kind; json parse error: {field}")


_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


def integer(text: str) -> int | float:
    """Return an integer as Go reads it: a float where it does not fit into 64 bits.

    Raises:
        NotDecodableError: nor into a float.
    """
    if len(text) <= 20 and -(1 << 63) <= (value := int(text)) < 1 << 63:
        return value
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise NotDecodableError(f"json: cannot unmarshal number {text[:40]} into Go value of type float64")
    return number


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = DuplicateKeys(found)
    marked.repeated = tuple(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return marked


def _written_keys(body: bytes) -> int:
    """Return how many keys a text has, or more where strings look like keys."""
    if any(space in body for space in _SPACED_COLONS):
        return len(_KEY.findall(body))
    return body.count(b'":') - body.count(b'\\":')


def _count_keys(value: Any) -> int:
    count = 0
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            count += len(item)
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
    return count


def _check_depth(value: Any, body: bytes) -> None:
    try:
        check_depth(value)
    except NotDecodableError as error:
        raise NotDecodableError(f"invalid character '{_deepest(body.decode())}' {error}") from error


def _deepest(text: str) -> str:
    """Return the character that opens what is nested too deep."""
    depth = 0
    for token in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAXIMUM_DEPTH:
            return token[0]
    return "["


_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def _reason(body: bytes) -> str:
    if reason := explain(body.decode("latin-1")):
        return reason
    text = body.decode("utf-8", "replace")
    deep = body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH
    return f"invalid character '{_deepest(text)}' exceeded max depth" if deep else "number out of range"
