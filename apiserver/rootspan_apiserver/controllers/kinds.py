"""The resources whose objects controllers delete: each storage path once, however many versions and groups serve it."""

from collections.abc import Iterator

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource

NEEDED = frozenset({"delete", "list", "watch"})


def deletable(registry: Registry) -> Iterator[Resource]:
    """Yield one resource for each storage path, in the storage version if that is served."""
    chosen: dict[str, Resource] = {}
    for resource in registry.resources():
        if resource.storage_path and resource.verbs >= NEEDED:
            present = chosen.setdefault(resource.storage_path, resource)
            if resource.is_storage_version and not present.is_storage_version:
                chosen[resource.storage_path] = resource
    yield from chosen.values()
