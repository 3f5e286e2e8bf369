"""The resources controllers look after: each place of the store once, whatever the number of versions and groups that serve it."""

from collections.abc import Iterator

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource

NEEDED = frozenset({"delete", "list", "watch"})


def deletable(registry: Registry) -> Iterator[Resource]:
    """One resource for each storage path, in the version that is stored where that is served."""
    chosen: dict[str, Resource] = {}
    for resource in registry.resources():
        if resource.storage_path and resource.verbs >= NEEDED:
            present = chosen.setdefault(resource.storage_path, resource)
            if present.kind != present.storage_kind and resource.kind == resource.storage_kind:
                chosen[resource.storage_path] = resource
    yield from chosen.values()
