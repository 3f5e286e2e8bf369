"""JSON text into values: duplicate keys noticed, depth bounded, errors in Go's words."""

import json
import re
from collections import Counter
from typing import Any

import orjson

from rootspan_apiserver.codec.problems import NotDecodableError
from rootspan_apiserver.codec.typed import DuplicateKeys, kind_of

MAXIMUM_DEPTH = 250
_KEY = re.compile(rb'"\s*:')


def load(body: bytes, *, duplicates: bool) -> Any:
    """The value of a JSON text; with `duplicates`, objects that repeat a key are `DuplicateKeys`.

    Raises:
        NotDecodableError: not JSON, or nested too deep.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotDecodableError(explain(body)) from error
    if max(body.count(b"{"), body.count(b"[")) > MAXIMUM_DEPTH // 2 and _deeper_than(value, MAXIMUM_DEPTH):
        raise NotDecodableError("exceeded max depth")
    if duplicates and len(_KEY.findall(body)) != _count_keys(value):
        return json.loads(body, object_pairs_hook=_pairs)
    return value


def load_object(body: bytes, *, duplicates: bool) -> dict[str, Any]:
    """As `load`, for a text that must be an object with a kind and an apiVersion that are strings."""
    try:
        value = load(body, duplicates=duplicates)
        if not isinstance(value, dict):
            raise NotDecodableError(f"json: cannot unmarshal {kind_of(value)} into Go value of type {_TYPE_META}")
        for key in ("apiVersion", "kind"):
            if not isinstance(value.get(key, ""), str):
                field = f"json: cannot unmarshal {kind_of(value[key])} into Go struct field .{key} of type string"
                raise NotDecodableError(field)
    except NotDecodableError as error:
        raise NotDecodableError(f"couldn't get version/kind; json parse error: {error}") from error
    return value


_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = DuplicateKeys(found)
    marked.repeated = tuple(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return marked


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


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def explain(body: bytes) -> str:
    """Why a text is not JSON, as Go's decoder says it."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        text = body[: error.start].decode()
        return f"invalid character '\\x{body[error.start]:02x}' {_expected(text)}"
    try:
        json.loads(text, strict=True)
    except json.JSONDecodeError as error:
        position = error.pos
        if error.msg.startswith("Unterminated") or not text[position:].strip():
            return "unexpected end of JSON input"
        if error.msg.startswith("Invalid \\escape"):
            letter = text[position + 1 : position + 2]
            return (
                f"invalid character {_character(letter)} in string escape code"
                if letter
                else "unexpected end of JSON input"
            )
        if error.msg.startswith("Invalid control"):
            return f"invalid character {_character(text[position])} in string literal"
        position += len(text[position:]) - len(text[position:].lstrip())
        return f"invalid character {_character(text[position])} {_expected(text[:position], error.msg)}"
    except RecursionError:
        return "exceeded max depth"
    return "exceeded max depth" if body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH else "invalid number"


def _character(letter: str) -> str:
    if letter == "'":
        return "'\\''"
    if letter == '"':
        return "'\"'"
    return f"'{letter}'" if letter.isprintable() else f"'\\x{ord(letter):02x}'" if ord(letter) > 13 else repr(letter)


def _expected(before: str, message: str = "Expecting value") -> str:
    if message.startswith("Extra data"):
        return "after top-level value"
    if message.startswith("Expecting property name"):
        return "looking for beginning of object key string"
    if message.startswith("Expecting ':'"):
        return "after object key"
    if message.startswith("Expecting ','"):
        depth = [letter for letter in re.sub(r'"(?:[^"\\]|\\.)*"', "", before) if letter in "{}[]"]
        opened: list[str] = []
        for letter in depth:
            if letter in "{[":
                opened.append(letter)
            elif opened:
                opened.pop()
        return "after object key:value pair" if opened and opened[-1] == "{" else "after array element"
    return "looking for beginning of value"
