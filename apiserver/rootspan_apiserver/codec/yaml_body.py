"""YAML text into values: keys become strings, repeated keys are reported, depth and aliases are bounded.

A first pass over the events bounds the depth before any value is built.

Upstream: sigs.k8s.io/yaml/yaml.go
"""

import math
import re
from typing import Any

import yaml

from rootspan_apiserver.codec.json_body import integer
from rootspan_apiserver.kube.go_numbers import format_bool, format_float32
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_syntax, go_type
from rootspan_apiserver.kube.go_yaml import GoLoader
from rootspan_apiserver.types.json_values import MAXIMUM_DEPTH, DuplicateKeys
from rootspan_apiserver.types.problems import NotDecodableError

_ALIAS = re.compile(r"\*([\w-]+)")
_NOT_BASE64 = "!!binary value contains invalid base64 data"
CONVERTING = "error converting YAML to JSON: "
_NODES_ALWAYS_ALLOWED = 100_000
_UTF8 = {
    "invalid start byte": "invalid leading UTF-8 octet",
    "invalid continuation byte": "invalid trailing UTF-8 octet",
}
_INCOMPLETE = "incomplete UTF-8 octet sequence"
_BITS_OF_FLOATS = 1024
_INTEGRAL_BELOW = 1e21
"""Go writes floats without a fraction as integers up to here."""
_FLOAT_KEYS = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}


class _UnconvertibleError(Exception):
    """What YAML can say and JSON cannot."""


class _Loader(GoLoader):
    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "expected a mapping node", node.start_mark)
        self.flatten_mapping(node)
        found: dict[Any, Any] = {}
        repeated: list[str] = []
        for key_node, value_node in node.value:
            value = self.construct_object(value_node, deep=True)
            key = _key(self.construct_object(key_node, deep=True), value)
            if key in found:
                repeated.append(f"line {key_node.start_mark.line + 1}: key {quote(key)} already set in map")
            found[key] = value
        if not repeated:
            return found
        marked = DuplicateKeys(found)
        marked.repeated = tuple(repeated)
        return marked


def _construct_map(loader: _Loader, node: yaml.Node) -> Any:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_map)


def _key(key: Any, value: Any) -> str:
    """Return a key as text; floats count as those of 32 bits. Raises _UnconvertibleError and yaml.YAMLError."""
    match key:
        case str():
            return key
        case bool():
            return format_bool(key)
        case int() if -(2**63) <= key < 2**63:
            return str(key)
        case int() if 0 < key < 2**64:
            raise _UnconvertibleError(f"unsupported map key of type: uint64, key: {key:#x}, value: {_shown(value)}")
        case int() | float():
            return _FLOAT_KEYS.get(text := format_float32(_written(key)), text)
        case None:
            raise _UnconvertibleError(f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {_shown(value)}")
    raise yaml.constructor.ConstructorError(None, None, f"invalid map key: {_shown(key)}", None)


def _shown(value: Any) -> str:
    """Format like `%#v`; the keys of maps are of any type in YAML."""
    return go_syntax(value).replace("map[string]interface", "map[interface {}]interface")


def _written(number: float) -> float:
    """Return the number as a float. Raises _UnconvertibleError for an integer beyond the range."""
    if isinstance(number, int) and number.bit_length() > _BITS_OF_FLOATS:
        raise _UnconvertibleError("number out of range")
    return float(number)


def load(body: bytes, *, beginning: str = CONVERTING) -> tuple[Any, list[str]]:
    """Return the value of a YAML text, and the strict decoding errors (repeated keys).

    `beginning` is that of what is wrong with the syntax.

    Raises:
        NotDecodableError: not YAML, nested too deep, or expanded too much by aliases.
    """
    try:
        text = body.decode()
        _bound(text)
        value = _first_document(text)
        repeated: list[str] = []
        value = _copied(value, [max(len(body), _NODES_ALWAYS_ALLOWED)], repeated)
    except _UnconvertibleError as error:
        raise NotDecodableError(f"{beginning}{error}") from error
    except UnicodeDecodeError as error:
        raise NotDecodableError(f"{beginning}yaml: {_UTF8.get(error.reason, _INCOMPLETE)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotDecodableError(f"{beginning}yaml: {_reason(error, text)}") from error
    if repeated:
        return value, ["yaml: unmarshal errors:\n" + "\n".join(f"  {line}" for line in repeated)]
    return value, []


def _first_document(text: str) -> Any:
    """Return the value of the first document, None where there is none; what follows is not looked at."""
    loader = _Loader(text)
    try:
        return loader.get_data() if loader.check_data() else None  # type: ignore[no-untyped-call]  # PyYAML has no types
    finally:
        loader.dispose()


def _reason(error: Exception, text: str) -> str:
    """Return go-yaml's words: it counts lines from 0, leaves out the first, and is one line further in a scanner than in a parser."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    problem, mark = str(error.problem), error.problem_mark
    if isinstance(error, yaml.composer.ComposerError) and mark is not None:
        name = _ALIAS.match(text.splitlines()[mark.line], mark.column)
        return f"unknown anchor '{name[1]}' referenced" if name else problem
    if isinstance(error, yaml.constructor.ConstructorError):
        if problem.startswith("expected a mapping or list of mappings for merging"):
            return "map merge requires map or sequence of maps as the value"
        return _NOT_BASE64 if problem.startswith("failed to decode base64 data") else problem
    line = next((each.line for each in (mark, error.context_mark) if each is not None and each.line), 0)
    line += bool(line) and isinstance(error, yaml.scanner.ScannerError)
    return f"line {line}: {problem}" if line else problem


def _bound(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise _UnconvertibleError("yaml: exceeded max depth of 10000")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentEndEvent):
            return


def _copied(value: Any, budget: list[int], repeated: list[str], depth: int = 0) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAXIMUM_DEPTH:
        raise _UnconvertibleError("yaml: document contains excessive aliasing")
    if isinstance(value, dict):
        if isinstance(value, DuplicateKeys):
            repeated.extend(value.repeated)
        return {key: _copied(item, budget, repeated, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item, budget, repeated, depth + 1) for item in value]
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        _written(value)
        return integer(str(value))
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < _INTEGRAL_BELOW else value
    shown = format_float32(value) if isinstance(value, float) else go_type(value)
    raise _UnconvertibleError(f"json: unsupported value: {shown}")
