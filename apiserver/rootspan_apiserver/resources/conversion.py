"""Convert an object from one version of its kind to another.

Built-in kinds that are served in several versions say in their definitions how to convert; custom resources have a converter.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/scheme.go, staging/src/k8s.io/apimachinery/pkg/runtime/converter.go
"""

from collections.abc import Callable, Mapping
from functools import cache

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.builtin import definitions
from rootspan_apiserver.resources.resource import Resource


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


async def converted(resource: Resource, obj: JSONObject, kind: GroupVersionKind) -> JSONObject:
    """Return an object of a resource, built in or custom, in another of its versions.

    Raises:
        StatusError: 500, the conversion webhook of a custom resource fails.
    """
    if resource.converter is None:
        return convert(obj, kind)
    return (await resource.converter.convert([obj], kind.api_version))[0]


@cache
def _converters() -> Mapping[tuple[str, str, bool], Callable[[JSONObject], JSONObject]]:
    """Return the functions by kind, version and direction: True is to the stored version."""
    found = {}
    for definition in definitions():
        for version in definition.also_served:
            found[definition.name, version.api_version, True] = version.to_storage
            found[definition.name, version.api_version, False] = version.from_storage
    return found
