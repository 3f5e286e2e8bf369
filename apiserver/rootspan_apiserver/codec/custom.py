"""Custom resources: fields that their structural schema does not declare are pruned and reported.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go, pkg/apiserver/customresource_handler.go
"""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.json_values import DuplicateKeys, plain
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.reading import search_duplicates
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types


def read(value: JSONObject, schema: Schema, problems: Problems) -> JSONObject:
    """Return the object without undeclared fields, its metadata read as an ObjectMeta.

    Raises:
        NotDecodableError: the metadata does not fit its type.
    """
    for key, item in value.items():
        if key != "metadata":
            search_duplicates(item, key, problems)
    if isinstance(value, DuplicateKeys):
        for key in value.repeated:
            problems.add("duplicate", key)
    out: JSONObject = plain(value)
    pruned: list[str] = []
    _prune_resource(out, schema, "", pruned)
    metadata = value.get("metadata")
    if metadata is not None:
        own = Problems()
        out["metadata"] = _metadata(metadata, own)
        problems.found.extend(own.found)
    for path in sorted(pruned):
        problems.add("unknown", path)
    return out


def _metadata(value: Any, problems: Problems) -> JSONObject:
    """Return metadata read into its type and written again, which leaves out empty lists and maps."""
    struct = go_types().struct("meta/v1.ObjectMeta")
    metadata = struct.read_object(value, problems, "metadata")
    struct.forget_empty(metadata)
    return metadata


def _prune_resource(value: JSONObject, schema: Schema, at: str, pruned: list[str]) -> None:
    head: JSONObject = {key: value.pop(key) for key in ("apiVersion", "kind", "metadata") if key in value}
    _prune(value, schema, at, pruned)
    rest = dict(value)
    value.clear()
    value.update(head)
    value.update(rest)


def _prune(value: Any, schema: Schema, at: str, pruned: list[str]) -> None:
    if isinstance(value, list):
        if schema.items is not None:
            for index, item in enumerate(value):
                _prune_embedded(item, schema.items, f"{at}[{index}]", pruned)
    elif isinstance(value, dict):
        for key in list(value):
            path = f"{at}.{key}" if at else key
            known = schema.properties.get(key)
            if known is None:
                known = schema.additional
            if known is not None:
                _prune_embedded(value[key], known, path, pruned)
            elif not schema.preserve_unknown_fields:
                del value[key]
                pruned.append(path)


def _prune_embedded(value: Any, schema: Schema, at: str, pruned: list[str]) -> None:
    if schema.embedded_resource and isinstance(value, dict):
        _prune_resource(value, schema, at, pruned)
    else:
        _prune(value, schema, at, pruned)
