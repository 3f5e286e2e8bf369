"""NamespaceLifecycle: nothing is made in a namespace that does not exist or is going, and the server's own namespaces stay."""

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.chain import Reinvocation
from rootspan_apiserver.admission.names import is_namespace, refused
from rootspan_apiserver.admission.namespaces import Namespaces
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, forbidden

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


class NamespaceLifecycle:
    name = "NamespaceLifecycle"

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces

    async def mutate(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        await self._check(attributes)
        return attributes.object

    async def _check(self, attributes: Attributes) -> None:
        if is_namespace(attributes):
            if attributes.operation == "DELETE" and attributes.name in IMMORTAL:
                why = "this namespace may not be deleted"
                raise forbidden(attributes.resource.group_resource, attributes.name, why)
            return
        if (
            not attributes.namespace
            or attributes.operation not in ("CREATE", "UPDATE")
            or _is_access_review(attributes)
        ):
            return
        namespace = await self._namespaces.get(attributes.namespace)
        if attributes.operation == "CREATE" and (namespace.get("status") or {}).get("phase") == "Terminating":
            raise terminating(attributes)


def _is_access_review(attributes: Attributes) -> bool:
    resource = attributes.resource
    return resource.kind.group == "authorization.k8s.io" and resource.plural == "localsubjectaccessreviews"


def terminating(attributes: Attributes) -> StatusError:
    """403 with the cause by which clients know that the namespace is going."""
    name = attributes.namespace
    error = refused(attributes, f"unable to create new content in namespace {name} because it is being terminated")
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {name} is being terminated",
        "field": "metadata.namespace",
    }
    return StatusError(error.code, error.reason, error.message, {**(error.details or {}), "causes": [cause]})
