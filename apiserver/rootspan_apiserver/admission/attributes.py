"""The input of every admission plugin: one operation on one object.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/interfaces.go, attributes.go
"""

from dataclasses import dataclass, field
from typing import Literal

from rootspan_apiserver.audit.annotations import AuditAnnotations
from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind, JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.resource import Resource

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]

_NAMESPACES = GroupResource("", "namespaces")
_PODS = GroupResource("", "pods")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionAttributes:
    """One operation on one object, in the version of the request.

    `object` is None on DELETE, `old_object` on CREATE. `kind` is the object's kind, for a subresource its own (`Scale`). `options` is the
    CreateOptions, UpdateOptions, PatchOptions or DeleteOptions object as JSON with kind and apiVersion. Plugins append to `warnings`
    (sent as `Warning: 299` headers) and add to `audit_annotations`.
    """

    operation: Operation
    resource: Resource
    kind: GroupVersionKind
    subresource: str = ""
    namespace: str
    name: str
    object: JSONObject | None
    old_object: JSONObject | None
    options: JSONObject
    user: User
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    audit_annotations: AuditAnnotations = field(default_factory=AuditAnnotations)

    @property
    def is_namespace(self) -> bool:
        """Whether the object is a Namespace, or a subresource of one."""
        return self.resource.group_resource == _NAMESPACES

    @property
    def request_namespace(self) -> str:
        """The namespace that the request is for: that of a namespace is its own, before a name is generated "" too."""
        return self.name if self.is_namespace else self.namespace

    @property
    def is_pod(self) -> bool:
        """Whether the object is a Pod, not a subresource of one."""
        return self.is_of(_PODS)

    def is_of(self, group_resource: GroupResource) -> bool:
        """Return whether the object is one of a resource, not a subresource of one."""
        return self.resource.group_resource == group_resource and not self.subresource

    @property
    def object_name(self) -> str:
        """The name in the request or the object; before a name is generated its prefix; `Unknown` without one."""
        metadata = (self.object or {}).get("metadata") or {}
        return self.name or metadata.get("name") or metadata.get("generateName") or "Unknown"
