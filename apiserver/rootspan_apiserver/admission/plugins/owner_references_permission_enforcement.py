"""OwnerReferencesPermissionEnforcement: who changes owners must be allowed to delete the object, and who blocks the deletion of an owner
must be allowed to set its finalizers.

Upstream: plugin/pkg/admission/gc/gc_admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import Registry

_PODS = GroupResource("", "pods")
_CANNOT_DELETE = "cannot set an ownerRef on a resource you can't delete"
_CANNOT_FINALIZE = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"


class OwnerReferencesPermissionEnforcement:
    """Asks the authorizer about changes of owner references; `registry` knows the resources of kinds."""

    def __init__(self, authorizer: Authorizer, registry: Registry) -> None:
        self._authorizer = authorizer
        self._registry = registry

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check an object that is created or updated.

        Raises:
            StatusError: 403.
        """
        resource = attributes.resource.group_resource
        if attributes.operation not in ("CREATE", "UPDATE") or (resource, attributes.subresource) == (_PODS, "status"):
            return
        owners, before = _owners(attributes.object), _owners(attributes.old_object)
        if same(owners, before):
            return
        if attributes.operation == "UPDATE":
            await self._require_delete(attributes)
        blocking = [owner for owner in owners if owner.get("blockOwnerDeletion") and not _blocked(owner, before)]
        if not blocking or await self._is_allowed(_finalizers(attributes, "*", "*", "*", name="*")):
            return
        for owner in blocking:
            await self._require_finalizers(attributes, owner)

    async def _require_delete(self, attributes: AdmissionAttributes) -> None:
        kind = attributes.resource.kind
        action = AuthorizationAttributes(
            user=attributes.user,
            verb="delete",
            is_resource=True,
            namespace=attributes.namespace,
            group=kind.group,
            version=kind.version,
            resource=attributes.resource.plural,
            subresource=attributes.subresource,
            name=attributes.name,
        )
        await self._require(attributes, action, _CANNOT_DELETE)

    async def _require_finalizers(self, attributes: AdmissionAttributes, owner: JSONObject) -> None:
        group, _, version = owner.get("apiVersion", "").rpartition("/")
        found = self._registry.by_kind(GroupVersionKind(group, version, owner.get("kind", "")))
        if found is None:
            where = f"APIVersion {owner.get('apiVersion', '')} Kind {owner.get('kind', '')}"
            why = f"no matches for kind {quote(owner.get('kind', ''))} in version {quote(owner.get('apiVersion', ''))}"
            raise new_forbidden(
                attributes,
                f"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for {where}: {why}",
            )
        action = _finalizers(
            attributes,
            group,
            version,
            found.plural,
            name=owner.get("name", ""),
            namespace=attributes.namespace if found.namespaced else "",
        )
        await self._require(attributes, action, _CANNOT_FINALIZE)

    async def _require(self, attributes: AdmissionAttributes, action: AuthorizationAttributes, why: str) -> None:
        decision = await self._authorizer.authorize(action)
        if decision.verdict != "allow":
            raise new_forbidden(attributes, f"{why}: {decision.reason}, <nil>")

    async def _is_allowed(self, action: AuthorizationAttributes) -> bool:
        return (await self._authorizer.authorize(action)).verdict == "allow"


def _finalizers(
    attributes: AdmissionAttributes, group: str, version: str, resource: str, *, name: str, namespace: str = ""
) -> AuthorizationAttributes:
    """Return the action of setting the finalizers of an object."""
    return AuthorizationAttributes(
        user=attributes.user,
        verb="update",
        is_resource=True,
        namespace=namespace,
        group=group,
        version=version,
        resource=resource,
        subresource="finalizers",
        name=name,
    )


def _owners(obj: JSONObject | None) -> list[JSONObject]:
    return ((obj or {}).get("metadata") or {}).get("ownerReferences") or []


def _blocked(owner: JSONObject, before: list[JSONObject]) -> bool:
    """Whether a reference of before blocked the deletion of the same owner."""
    return any(old.get("blockOwnerDeletion") for old in before if old.get("uid") == owner.get("uid"))
