"""YAML text into values: keys become strings, repeated keys are reported, depth and aliases are bounded.

A first pass over the events bounds the depth before any value is built.

Upstream: sigs.k8s.io/yaml/yaml.go
"""

import re
from typing import Any

import yaml

from rootspan_apiserver.codec.json_body import integer
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_syntax
from rootspan_apiserver.kube.go_yaml import GoLoader
from rootspan_apiserver.types.json_values import MAXIMUM_DEPTH, DuplicateKeys
from rootspan_apiserver.types.problems import NotDecodableError

_ALIAS = re.compile(r"\*([\w-]+)")
_NOT_BASE64 = "!!binary value contains invalid base64 data"
CONVERTING = "error converting YAML to JSON: "
_NODES_ALWAYS_ALLOWED = 100_000
_BITS_OF_FLOATS = 1024


class _UnsupportedKeyError(Exception):
    """A key is null; `value`, in Go's notation, is what it has."""

    def __init__(self, value: str) -> None:
        super().__init__(f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}")


class _Loader(GoLoader):
    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "expected a mapping node", node.start_mark)
        self.flatten_mapping(node)
        found: dict[Any, Any] = {}
        repeated: list[str] = []
        for key_node, value_node in node.value:
            plain = self.construct_object(key_node, deep=True)
            value = self.construct_object(value_node, deep=True)
            if plain is None:
                raise _UnsupportedKeyError(go_syntax(value))
            key = _key(plain)
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


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int | float):
        return str(_written(key))
    raise NotDecodableError("error converting YAML to JSON: unsupported map key of type: " + type(key).__name__)


def _written(number: float) -> float:
    """Check that `str` can write the number. Raises NotDecodableError for an integer beyond the range of floats."""
    if isinstance(number, int) and number.bit_length() > _BITS_OF_FLOATS:
        raise NotDecodableError("error converting YAML to JSON: number out of range")
    return number


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
    except _UnsupportedKeyError as error:
        raise NotDecodableError(f"{beginning}{error}") from error
    except UnicodeDecodeError as error:
        raise NotDecodableError(f"{beginning}yaml: invalid UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotDecodableError(f"{beginning}yaml: {_reason(error, text)}") from error
    repeated: list[str] = []
    value = _copied(value, [max(len(body), _NODES_ALWAYS_ALLOWED)], repeated)
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
                raise NotDecodableError("error converting YAML to JSON: yaml: exceeded max depth of 10000")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentEndEvent):
            return


def _copied(value: Any, budget: list[int], repeated: list[str], depth: int = 0) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAXIMUM_DEPTH:
        raise NotDecodableError("error converting YAML to JSON: yaml: document contains excessive aliasing")
    if isinstance(value, dict):
        if isinstance(value, DuplicateKeys):
            repeated.extend(value.repeated)
        return {key: _copied(item, budget, repeated, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item, budget, repeated, depth + 1) for item in value]
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return integer(str(_written(value)))
    if isinstance(value, float):
        if value != value or value in {float("inf"), float("-inf")}:
            written = "NaN" if value != value else f"{value:+}".title()
            raise NotDecodableError(f"json: unsupported value: {written}")
        return value
    raise NotDecodableError(f"error converting YAML to JSON: unsupported value of type {type(value).__name__}")
