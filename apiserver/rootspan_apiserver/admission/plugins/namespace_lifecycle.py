"""NamespaceLifecycle: objects are created only in namespaces that exist and are not terminating; system namespaces are not deleted.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, forbidden

IMMORTAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
_LOCAL_ACCESS_REVIEWS = GroupResource("authorization.k8s.io", "localsubjectaccessreviews")


class NamespaceLifecycle:
    """Checks the namespace of every object that is created or updated."""

    def __init__(self, namespaces: NamespaceGetter) -> None:
        self._namespaces = namespaces

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Return the object unchanged.

        Raises:
            StatusError: 403, the namespace is terminating or may not be deleted; 404, it does not exist.
        """
        await self._check(attributes)
        return attributes.object

    async def _check(self, attributes: AdmissionAttributes) -> None:
        if attributes.is_namespace:
            if attributes.operation == "DELETE" and attributes.name in IMMORTAL_NAMESPACES:
                why = "this namespace may not be deleted"
                raise forbidden(attributes.resource.group_resource, attributes.name, why)
            return
        if not attributes.namespace or attributes.operation not in ("CREATE", "UPDATE"):
            return
        if attributes.resource.group_resource == _LOCAL_ACCESS_REVIEWS:
            return
        namespace = await self._namespaces.get(attributes.namespace)
        if attributes.operation == "CREATE" and (namespace.get("status") or {}).get("phase") == "Terminating":
            raise _terminating(attributes)


def _terminating(attributes: AdmissionAttributes) -> StatusError:
    """Return a 403 with the cause NamespaceTerminating, which clients look for."""
    name = attributes.namespace
    message = f"unable to create new content in namespace {name} because it is being terminated"
    error = new_forbidden(attributes, message)
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {name} is being terminated",
        "field": "metadata.namespace",
    }
    return StatusError(error.code, error.reason, error.message, {**(error.details or {}), "causes": [cause]})
