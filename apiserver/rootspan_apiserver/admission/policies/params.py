"""The parameters of a binding: objects of the kind that the policy names.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (CollectParams)
"""

from collections.abc import Sequence

from rootspan_apiserver.admission.policies.accessors import ParamRef
from rootspan_apiserver.admission.predicates import labels_of
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.conversion import converted
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import CachedObject, ObjectCache

NO_PARAMETERS = (None,)


class PolicyConfigurationError(Exception):
    """A policy or binding cannot be used as it is written."""


class ParamCollector:
    """Finds parameters in the watch cache."""

    def __init__(self, cache: ObjectCache, registry: Registry) -> None:
        self._cache = cache
        self._registry = registry

    def resource_of(self, kind: GroupVersionKind | None) -> Resource | None:
        """Return the resource of a kind of parameters, None for a policy without parameters.

        Raises:
            PolicyConfigurationError: the kind is not served.
        """
        if kind is None:
            return None
        found = self._registry.by_kind(kind)
        if found is None:
            shown = f"{kind.group}/{kind.version}, Kind={kind.kind}"
            raise PolicyConfigurationError(f"failed to find resource referenced by paramKind: '{shown}'")
        return found

    async def collect(
        self, resource: Resource | None, reference: ParamRef | None, namespace: str
    ) -> Sequence[JSONObject | None]:
        """Return the parameters, of which each is evaluated for itself; None alone for a policy or binding without parameters.

        Args:
            resource: the resource of the policy's kind of parameters.
            namespace: that of the request; "" for an object without one.

        Raises:
            PolicyConfigurationError: the binding cannot be used, or does not allow that there are no parameters.
            StatusError: the conversion webhook of a custom resource fails.
        """
        if resource is None or reference is None:
            return NO_PARAMETERS
        where = ""
        if resource.namespaced:
            where = reference.namespace or namespace
            if not where:
                words = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                raise PolicyConfigurationError(words)
        elif reference.namespace:
            raise PolicyConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        found = [
            await converted(resource, each.decode(), resource.kind)
            for each in await self._referenced(resource, reference, where)
        ]
        if reference.selector is not None:
            selected = [each for each in found if reference.selector.matches(labels_of(each))]
            found = sorted(selected, key=lambda each: (each["metadata"].get("namespace", ""), each["metadata"]["name"]))
        if not found and reference.deny_if_absent:
            raise PolicyConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction")
        return found

    async def _referenced(self, resource: Resource, reference: ParamRef, where: str) -> Sequence[CachedObject]:
        if reference.selector is not None:
            return await self._cache.cached(resource, where)
        one = await self._cache.cached_object(resource, where, reference.name)
        return () if one is None else (one,)
