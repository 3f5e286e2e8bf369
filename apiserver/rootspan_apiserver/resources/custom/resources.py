"""Resources inside of resources (x-kubernetes-embedded-resource): they have a version, a kind and valid metadata.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, RuleContext
from rootspan_apiserver.rules.metadata import object_metadata
from rootspan_apiserver.types.schema import Schema

_CLUSTERED = object_metadata(path_segment, namespaced=False, standard_finalizers=False)
_NAMESPACED = object_metadata(path_segment, namespaced=True, standard_finalizers=False)


def check_resources(
    value: Any, schema: Schema, path: Path, context: RuleContext, *, is_resource: bool = False
) -> Iterator[FieldError]:
    """Yield what is wrong with the resources in a value, itself among them if it `is_resource`."""
    if isinstance(value, dict):
        if is_resource or schema.embedded_resource:
            yield from _check(value, path, context)
        for name in sorted(value):
            if (child := schema.properties.get(name)) is not None:
                yield from check_resources(value[name], child, path / name, context)
            elif schema.additional is not None:
                yield from check_resources(value[name], schema.additional, path.key(name), context)
    elif isinstance(value, list) and schema.items is not None:
        for index, item in enumerate(value):
            yield from check_resources(item, schema.items, path / index, context)


def _check(value: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    for name in ("apiVersion", "kind"):
        at, text = path / name, value.get(name)
        if name not in value:
            yield FieldError.required(at)
        elif not isinstance(text, str):
            yield FieldError.invalid(at, text, "must be a string")
        elif not text:
            yield FieldError.invalid(at, text, "must not be empty")
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version.count("/") > 1:
        yield FieldError.invalid(path / "apiVersion", version, f"unexpected GroupVersion string: {version}")
    if isinstance(kind, str) and kind and (reasons := dns_1035_label(kind.lower())):
        words = "may have mixed case, but should otherwise match: "
        yield FieldError.invalid(path / "kind", kind, words + ",".join(reasons))
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        # A resource inside another needs no name.
        named = {**metadata, "name": metadata.get("name") or "fakename"}
        rule = _NAMESPACED if metadata.get("namespace") else _CLUSTERED
        yield from rule.check(named, ABSENT, path / "metadata", context)
