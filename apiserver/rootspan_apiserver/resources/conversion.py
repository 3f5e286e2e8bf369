"""Convert an object from one version of its kind to another.

Built-in kinds that are served in several versions say in their definitions how to convert. Custom resources without a conversion webhook
differ in nothing but their apiVersion.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/scheme.go, staging/src/k8s.io/apimachinery/pkg/runtime/converter.go
"""

from collections.abc import Callable, Mapping
from functools import cache

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.builtin import definitions


def convert(obj: JSONObject, to: GroupVersionKind) -> JSONObject:
    """`obj` as an object of the version `to`; a new object, unless it is one already."""
    present = obj.get("apiVersion", "")
    if present == to.api_version:
        return obj
    steps = _converters()
    converted = dict(obj)
    for step in (steps.get((to.kind, present, True)), steps.get((to.kind, to.api_version, False))):
        if step is not None:
            converted = step(converted)
    converted["apiVersion"] = to.api_version
    return converted


@cache
def _converters() -> Mapping[tuple[str, str, bool], Callable[[JSONObject], JSONObject]]:
    """Return the functions by kind, version and direction: True is to the stored version."""
    found = {}
    for definition in definitions():
        for version in definition.also_served:
            found[definition.name, version.api_version, True] = version.to_storage
            found[definition.name, version.api_version, False] = version.from_storage
    return found
