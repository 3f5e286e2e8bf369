"""Namespaces are deleted in their own way: they are Terminating until their `spec.finalizers` are gone, which `/finalize` empties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rootspan_apiserver.rest.metadata import now, timestamp

if TYPE_CHECKING:
    from rootspan_apiserver.registry.resource import Resource


def is_namespace(resource: Resource) -> bool:
    return resource.storage_path == "/namespaces"


def terminate(namespace: dict[str, Any]) -> None:
    """Mark it as being deleted."""
    namespace["metadata"].setdefault("deletionTimestamp", timestamp(now()))
    namespace.setdefault("status", {})["phase"] = "Terminating"
