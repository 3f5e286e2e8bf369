"""Namespaces are deleted in their own way: they are Terminating until their `spec.finalizers` are gone, which `/finalize` empties."""

from typing import Any

from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.resource import Resource


def is_namespace(resource: Resource) -> bool:
    return resource.storage_path == "/namespaces"


def terminate(namespace: dict[str, Any]) -> None:
    """Mark it as being deleted."""
    namespace["metadata"].setdefault("deletionTimestamp", timestamp())
    namespace.setdefault("status", {})["phase"] = "Terminating"
