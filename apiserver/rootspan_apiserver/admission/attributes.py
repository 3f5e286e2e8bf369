"""What an admission plugin is told (`admission.Attributes` of k8s.io/apiserver)."""

from dataclasses import dataclass, field
from typing import Literal

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.resource import Resource

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """One operation on one object, in the version the client asked for.

    `object` is None on DELETE, `old_object` on CREATE. `kind` is the object's kind (for a subresource its own: `Scale`), `options` the
    CreateOptions, UpdateOptions, PatchOptions or DeleteOptions object as JSON with kind and apiVersion. Plugins append to `warnings`
    (sent as `Warning: 299` headers) and to `audit_annotations`.
    """

    operation: Operation
    resource: Resource
    kind: GroupVersionKind
    subresource: str
    namespace: str
    name: str
    object: JSONObject | None
    old_object: JSONObject | None
    options: JSONObject
    user: User
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    audit_annotations: dict[str, str] = field(default_factory=dict)
