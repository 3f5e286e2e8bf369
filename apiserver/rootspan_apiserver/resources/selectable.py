"""The labels that field selectors of the built-in resources may use, and where their values stand."""

from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.kube.meta import GroupResource, JSONObject

Values = Mapping[str, Callable[[JSONObject], str]]


def text(value: object) -> str:
    """A value as Go prints it into a field set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def at(path: str, default: str = "") -> Callable[[JSONObject], str]:
    """The value at a dotted path, `default` where there is none."""
    keys = path.split(".")

    def read(obj: JSONObject) -> str:
        found: Any = obj
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return default if found is None else text(found)

    return read


def paths(*names: str) -> Values:
    return {name: at(name) for name in names}


NAME = paths("metadata.name")
NAMESPACED = paths("metadata.name", "metadata.namespace")


_STATUS_REPLICAS: Values = {"status.replicas": at("status.replicas", "0")}

SELECTABLE: Mapping[GroupResource, Values] = {
    GroupResource("", "services"): paths("spec.clusterIP", "spec.type"),
    GroupResource("", "replicationcontrollers"): _STATUS_REPLICAS,
    GroupResource("apps", "replicasets"): _STATUS_REPLICAS,
    GroupResource("batch", "jobs"): {"status.successful": at("status.succeeded", "0")},
}


def selectable(resource: GroupResource, namespaced: bool) -> Values:
    """The selectable labels of a built-in resource, each with how to read it from a stored object."""
    return {**(NAMESPACED if namespaced else NAME), **SELECTABLE.get(resource, {})}
