"""Resources that are one and the same under several names: those kept in the same place of the store."""

from collections.abc import Sequence

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource


class Equivalents:
    """Called with a resource, answers the others: other versions of it, or other groups (events, ingresses)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._revision = -1
        self._by_place: dict[str, list[Resource]] = {}

    def __call__(self, resource: Resource) -> Sequence[Resource]:
        if self._revision != self._registry.revision:
            self._by_place = {}
            for each in self._registry.resources():
                if each.storage_path:
                    self._by_place.setdefault(each.storage_path, []).append(each)
            self._revision = self._registry.revision
        return [each for each in self._by_place.get(resource.storage_path, ()) if each is not resource]
