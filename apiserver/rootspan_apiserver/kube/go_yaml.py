"""YAML as go-yaml reads it: timestamps and `12:30` are text, `1e3` is a number, `0o17` and `017` are octal, `y` and `off` are booleans.

A float beyond the range is text, and so are `=` and `<<` as values. What a tag asks for must be what the scalar is.

Upstream: sigs.k8s.io/yaml/goyaml.v2/resolve.go
"""

import math
import re

import yaml

_YAML = "tag:yaml.org,2002:"
_BOOLEAN, _INTEGER, _FLOAT, _TIMESTAMP, _VALUE = (
    f"{_YAML}{name}" for name in ("bool", "int", "float", "timestamp", "value")
)
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_INTEGERS = r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)\Z"
_FLOATS = (
    r"[-+]?(?:(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))\Z|\.(?:nan|NaN|NAN)\Z"
)


class GoLoader(yaml.CSafeLoader):
    """A loader of JSON's types only, with go-yaml's scalars."""


GoLoader.yaml_implicit_resolvers = {
    letter: [each for each in resolvers if each[0] not in (_BOOLEAN, _INTEGER, _FLOAT, _TIMESTAMP, _VALUE)]
    for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
GoLoader.add_implicit_resolver(_BOOLEAN, re.compile(f"(?:{'|'.join(sorted(_TRUE | _FALSE))})\\Z"), list("yYnNtTfFoO"))
GoLoader.add_implicit_resolver(_INTEGER, re.compile(_INTEGERS), list("-+0123456789"))
GoLoader.add_implicit_resolver(_FLOAT, re.compile(_FLOATS), list("-+0123456789."))


def _boolean(loader: GoLoader, node: yaml.ScalarNode) -> bool:
    text = _text(loader, node)
    if text not in _TRUE and text not in _FALSE:
        raise _undecodable(node, text)
    return text in _TRUE


def _integer(loader: GoLoader, node: yaml.ScalarNode) -> int:
    text = _text(loader, node)
    if not re.match(_INTEGERS, text):
        raise _undecodable(node, text)
    return loader.construct_yaml_int(node)


def _float(loader: GoLoader, node: yaml.ScalarNode) -> float | str:
    text = _text(loader, node)
    if not re.match(_FLOATS, text) and not re.match(_INTEGERS, text):
        raise _undecodable(node, text)
    value = loader.construct_yaml_float(node)
    return text if math.isinf(value) and "inf" not in text.lower() else value


def _binary(loader: GoLoader, node: yaml.ScalarNode) -> str:
    return loader.construct_yaml_binary(node).decode(errors="replace")


def _text(loader: GoLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _undecodable(node: yaml.ScalarNode, text: str) -> yaml.constructor.ConstructorError:
    tag = node.tag.replace(_YAML, "!!")
    return yaml.constructor.ConstructorError(None, None, f"cannot decode !!str `{text}` as a {tag}", node.start_mark)


GoLoader.add_constructor(_BOOLEAN, _boolean)
GoLoader.add_constructor(_INTEGER, _integer)
GoLoader.add_constructor(_FLOAT, _float)
GoLoader.add_constructor(f"{_YAML}binary", _binary)
GoLoader.add_constructor(f"{_YAML}merge", _text)
