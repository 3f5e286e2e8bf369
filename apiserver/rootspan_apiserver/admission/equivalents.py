"""Resources that are one and the same under several names: those kept in the same place of the store."""

from collections.abc import Mapping, Sequence

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision
from rootspan_apiserver.resources.resource import Resource


class Equivalents:
    """Called with a resource, returns the others: other versions of it, or other groups (events, ingresses)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(self, resource: Resource) -> Sequence[Resource]:
        return [each for each in _by_place(self._registry).get(resource.storage_path, ()) if each is not resource]


@once_per_revision
def _by_place(registry: Registry) -> Mapping[str, Sequence[Resource]]:
    found: dict[str, list[Resource]] = {}
    for each in registry.resources():
        if each.storage_path:
            found.setdefault(each.storage_path, []).append(each)
    return found
