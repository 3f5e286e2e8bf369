"""Decoder of a component's configuration file.

The file is YAML, or JSON if its first character is `{`. A missing `apiVersion` or `kind` has its default (so an empty file is valid), a
wrong one is an error. A field of the wrong type is an error; in strict mode an unknown or duplicate field is, too. The messages are those
of apimachinery, sigs.k8s.io/json and go-yaml.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Literal

import yaml

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.go_yaml import GoLoader

FieldType = Literal["string", "int32"]
_TYPES: Final = {"string": str, "int32": int}


class ManifestError(ValueError):
    """The text is not a valid manifest of the kind; the message is that of Kubernetes."""


class _JSONNumber(str):
    """A JSON number that is not written as an integer, kept as it is written."""

    __slots__ = ()


def decode(
    data: bytes, *, kind: str, versions: frozenset[str], fields: Mapping[str, FieldType], strict: bool
) -> dict[str, Any]:
    """Return the values of the fields in a manifest, by name; null is left out.

    Args:
        data: The manifest.
        kind: Its kind.
        versions: The accepted values of `apiVersion`.
        fields: The type of each field.
        strict: Whether unknown and duplicate fields are errors.

    Raises:
        ManifestError: The text cannot be decoded.
    """
    try:
        text = data.decode()
        manifest, errors = _load_json(text) if text.lstrip().startswith("{") else _load_yaml(text)
    except UnicodeDecodeError as error:
        raise ManifestError(f"yaml: offset {error.start}: invalid UTF-8") from error
    except RecursionError as error:
        raise ManifestError("exceeded max depth") from error
    if not isinstance(manifest, dict):
        raise ManifestError(
            f"couldn't get version/kind; json parse error: json: cannot unmarshal {_json_type(manifest)} into Go value "
            r'of type struct { APIVersion string "json:\"apiVersion,omitempty\""; '
            r'Kind string "json:\"kind,omitempty\"" }'
        )
    _check_kind(manifest, kind, versions)
    decoded = {
        name: _checked(value, f"{kind}.{name}", fields[name])
        for name, value in manifest.items()
        if name in fields and value is not None
    }
    errors += [f"unknown field {quote(name)}" for name in manifest if name not in {*fields, "apiVersion", "kind"}]
    if strict and errors:
        raise ManifestError(f"strict decoding error: {', '.join(errors)}")
    return decoded


def _load_json(text: str) -> tuple[Any, list[str]]:
    errors: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        times = Counter(name for name, _ in pairs)
        errors.extend(f"duplicate field {quote(name)}" for name in times if times[name] > 1)
        return dict(pairs)

    def constant(name: str) -> None:
        raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")

    try:
        return json.loads(text, object_pairs_hook=members, parse_float=_JSONNumber, parse_constant=constant), errors
    except ValueError as error:
        raise ManifestError(f"couldn't get version/kind; json parse error: {error}") from error


def _load_yaml(text: str) -> tuple[Any, list[str]]:
    try:
        loader = GoLoader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
            manifest = {} if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = str(error.problem).replace("not allowed here", "not allowed in this context")
        raise ManifestError(f"yaml: line {line}: {problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(f"yaml: {error}") from error
    if manifest is None:
        manifest = {}
    if isinstance(manifest, dict):
        manifest = {key if isinstance(key, str) else json.dumps(key, default=str): manifest[key] for key in manifest}
        manifest = dict(sorted(manifest.items()))
    duplicates = _duplicate_keys(node)
    return manifest, [f"yaml: unmarshal errors:\n{duplicates}"] if duplicates else []


def _duplicate_keys(node: yaml.Node | None) -> str:
    seen = set()
    lines = []
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in seen:
            lines.append(f"  line {key.start_mark.line + 1}: key {quote(str(key.value))} already set in map")
        seen.add(key.value)
    return "\n".join(lines)


def _check_kind(manifest: dict[str, Any], kind: str, versions: frozenset[str]) -> None:
    for name in ("apiVersion", "kind"):
        if not isinstance(manifest.get(name) or "", str):
            raise ManifestError(
                f"couldn't get version/kind; json parse error: json: cannot unmarshal {_json_type(manifest[name])} "
                f"into Go struct field .{name} of type string"
            )
    version = manifest.get("apiVersion") or ""
    if version.count("/") > 1:
        raise ManifestError(f"unexpected GroupVersion string: {version}")
    found = manifest.get("kind") or kind
    if found != kind or (version and version not in versions):
        raise ManifestError(
            f"no kind {quote(found)} is registered for version {quote(version)} "
            f'in scheme "k8s.io/apiserver/pkg/server/options/tracing.go"'
        )


def _checked(value: Any, path: str, type_name: FieldType) -> Any:
    if type_name == "int32" and isinstance(value, float) and value.is_integer():
        value = int(value)
    fits = type(value) is _TYPES[type_name]
    if fits and (type_name != "int32" or -(2**31) <= value < 2**31):
        return value
    found = _json_type(value)
    if found == "number" and type_name == "int32":
        found = f"number {value}"
    raise ManifestError(f"json: cannot unmarshal {found} into Go struct field {path} of type {type_name}")


def _json_type(value: object) -> str:
    return "number" if isinstance(value, _JSONNumber) else json_type(value)
