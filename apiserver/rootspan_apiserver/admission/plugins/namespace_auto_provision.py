"""NamespaceAutoProvision: a namespace is created when the first object is created in it.

Upstream: plugin/pkg/admission/namespace/autoprovision/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache


class NamespaceAutoProvision:
    """Creates missing namespaces through the server's own API; `resource` is that of namespaces."""

    def __init__(self, cache: ObjectCache, resource: Resource, loopback: LoopbackClient) -> None:
        self._cache = cache
        self._resource = resource
        self._loopback = loopback

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Create the namespace of a new object, unless it is there or this is a dry run.

        Raises:
            StatusError: 403, it cannot be created.
        """
        name = attributes.namespace
        if attributes.operation != "CREATE" or attributes.dry_run or not name or attributes.is_namespace:
            return attributes.object
        if await self._cache.cached_object(self._resource, "", name) is None:
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            try:
                await self._loopback.create(APIPath.of_collection(self._resource), namespace)
            except StatusError as error:
                if error.reason != "AlreadyExists":
                    raise new_forbidden(attributes, error.message) from error
        return attributes.object
