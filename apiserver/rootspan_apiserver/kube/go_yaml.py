"""YAML as go-yaml reads it: timestamps and `12:30` are text, `1e3` is a number, `0o17` and `017` are octal, `y` and `n` are booleans.

Upstream: sigs.k8s.io/yaml/goyaml.v2/resolve.go
"""

import re

import yaml

_INTEGER, _FLOAT, _TIMESTAMP = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "timestamp"))
_INTEGERS = r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)\Z"
_FLOATS = (
    r"[-+]?(?:(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))\Z|\.(?:nan|NaN|NAN)\Z"
)


class GoLoader(yaml.CSafeLoader):
    """A loader of JSON's types only, with go-yaml's scalars."""

    bool_values = yaml.CSafeLoader.bool_values | {"y": True, "n": False}


GoLoader.yaml_implicit_resolvers = {
    letter: [resolver for resolver in resolvers if resolver[0] not in (_INTEGER, _FLOAT, _TIMESTAMP)]
    for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
GoLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"[yYnN]\Z"), list("yYnN"))
GoLoader.add_implicit_resolver(_INTEGER, re.compile(_INTEGERS), list("-+0123456789"))
GoLoader.add_implicit_resolver(_FLOAT, re.compile(_FLOATS), list("-+0123456789."))
