"""What errors of admission call the object they refuse."""

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.kube.status import StatusError, forbidden


def object_name(attributes: Attributes) -> str:
    """The name of the request or of its object; a name that is still to be generated goes by its prefix."""
    metadata = (attributes.object or {}).get("metadata") or {}
    return attributes.name or metadata.get("name") or metadata.get("generateName") or "Unknown"


def refused(attributes: Attributes, why: str) -> StatusError:
    """`admission.NewForbidden` of k8s.io/apiserver."""
    return forbidden(attributes.resource.group_resource, object_name(attributes), why)


def is_namespace(attributes: Attributes) -> bool:
    return attributes.resource.kind.group == "" and attributes.resource.plural == "namespaces"


def is_pod(attributes: Attributes) -> bool:
    """Whether the request is for a pod itself, not for a subresource of one."""
    return attributes.resource.kind.group == "" and attributes.resource.plural == "pods" and not attributes.subresource


def creates_pod(attributes: Attributes) -> bool:
    return attributes.operation == "CREATE" and is_pod(attributes)
