"""Resources with the same objects under several names: other versions, or other groups (events, ingresses).

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/mapper.go
"""

from collections.abc import Sequence

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource


class EquivalentResources:
    """Finds the resources whose objects are stored under the same prefix. Recomputed when the registry changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._revision = -1
        self._by_storage_path: dict[str, list[Resource]] = {}

    def __call__(self, resource: Resource) -> Sequence[Resource]:
        """Return the equivalents of `resource`, without itself."""
        if self._revision != self._registry.revision:
            self._by_storage_path = {}
            for each in self._registry.resources():
                if each.storage_path:
                    self._by_storage_path.setdefault(each.storage_path, []).append(each)
            self._revision = self._registry.revision
        return [each for each in self._by_storage_path.get(resource.storage_path, ()) if each is not resource]
