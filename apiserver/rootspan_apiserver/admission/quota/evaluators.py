"""Which evaluator counts the objects of a resource.

Upstream: pkg/quota/v1/evaluator/core/registry.go, pkg/quota/v1/install/registry.go
"""

from functools import cache

from rootspan_apiserver.admission.quota.evaluator import Evaluator
from rootspan_apiserver.admission.quota.persistent_volume_claims import CLAIMS, PersistentVolumeClaimEvaluator
from rootspan_apiserver.admission.quota.pods import PODS, PodEvaluator
from rootspan_apiserver.admission.quota.resource_claims import CLAIMS as RESOURCE_CLAIMS
from rootspan_apiserver.admission.quota.resource_claims import ClaimSurroundings, ResourceClaimEvaluator
from rootspan_apiserver.admission.quota.services import SERVICES, ServiceEvaluator
from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage.object_cache import ObjectCache

ALIASES = frozenset({"configmaps", "replicationcontrollers", "resourcequotas", "secrets"})
"""Resources of the core group that quotas have counted since before `count/…`."""
IGNORED = frozenset(
    {
        GroupResource("", "bindings"),
        GroupResource("", "componentstatuses"),
        GroupResource("", "events"),
        GroupResource("events.k8s.io", "events"),
        GroupResource("authentication.k8s.io", "tokenreviews"),
        GroupResource("authentication.k8s.io", "selfsubjectreviews"),
        GroupResource("authorization.k8s.io", "subjectaccessreviews"),
        GroupResource("authorization.k8s.io", "selfsubjectaccessreviews"),
        GroupResource("authorization.k8s.io", "localsubjectaccessreviews"),
        GroupResource("authorization.k8s.io", "selfsubjectrulesreviews"),
    }
)
"""Resources that no quota counts."""


class Evaluators:
    """Finds evaluators; those that need other objects than the counted one find them in `cache`."""

    def __init__(self, cache: ObjectCache, registry: Registry) -> None:
        self._cache = cache
        self._device_classes = registry.builtin("deviceclasses", "resource.k8s.io")
        self._claims = registry.builtin("resourceclaims", "resource.k8s.io")
        self._pods = registry.builtin("pods")

    async def of(self, resource: GroupResource, namespace: str) -> Evaluator | None:
        """Return the evaluator of a resource for objects in `namespace`, None if quotas do not count it.

        Raises:
            StatusError: the watch cache is not ready.
        """
        if resource != RESOURCE_CLAIMS:
            return None if resource in IGNORED else _evaluator(resource)
        classes = [stored.decode() for stored in await self._cache.cached(self._device_classes)]
        pods = [stored.decode() for stored in await self._cache.cached(self._pods, namespace)] if classes else []
        claims = [stored.decode() for stored in await self._cache.cached(self._claims, namespace)] if pods else []
        return ResourceClaimEvaluator(ClaimSurroundings(classes=classes, pods=pods, claims=claims))


@cache
def _evaluator(resource: GroupResource) -> Evaluator:
    if resource == PODS:
        return PodEvaluator()
    if resource == SERVICES:
        return ServiceEvaluator()
    if resource == CLAIMS:
        return PersistentVolumeClaimEvaluator()
    is_alias = not resource.group and resource.resource in ALIASES
    return Evaluator(resource, (resource.resource,) if is_alias else ())
