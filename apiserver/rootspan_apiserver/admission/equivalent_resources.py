"""Resources with the same objects under several names: other versions, or other groups (events, ingresses).

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/mapper.go
"""

from collections.abc import Mapping, Sequence

from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision
from rootspan_apiserver.resources.resource import Resource


class EquivalentResources:
    """Finds the resources whose objects are stored under the same prefix."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(self, resource: Resource) -> Sequence[Resource]:
        """Return the equivalents of `resource`, without itself."""
        same_path = _by_storage_path(self._registry).get(resource.storage_path, ())
        return [each for each in same_path if each is not resource]


@once_per_revision
def _by_storage_path(registry: Registry) -> Mapping[str, Sequence[Resource]]:
    found: dict[str, list[Resource]] = {}
    for each in registry.resources():
        if each.storage_path:
            found.setdefault(each.storage_path, []).append(each)
    return found
