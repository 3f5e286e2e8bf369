"""The variables `request` and `namespaceObject` of an expression.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/condition.go (CreateAdmissionRequest, CreateNamespaceObject)
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.predicates import RuleMatch
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.users import user_info
from rootspan_apiserver.resources.resource import Resource

_HIDDEN = ("managedFields", "ownerReferences", "selfLink")


def admission_request(attributes: AdmissionAttributes, match: RuleMatch) -> JSONObject:
    """Return `request`. The objects in it are null: they have variables of their own."""
    subresource = attributes.subresource
    request: JSONObject = {
        "kind": _kind(match.kind),
        "resource": _resource(match.resource),
        "subResource": subresource,
        "requestKind": _kind(attributes.kind),
        "requestResource": _resource(attributes.resource),
        "requestSubResource": subresource,
        "name": attributes.name,
        "namespace": attributes.request_namespace,
    }
    present = {key: value for key, value in request.items() if value}
    return {
        "uid": "",
        **present,
        "object": None,
        "oldObject": None,
        "operation": attributes.operation,
        "userInfo": user_info(attributes.user),
        "dryRun": attributes.dry_run,
        "options": attributes.options or None,
    }


def namespace_object(namespace: Mapping[str, Any] | None) -> JSONObject | None:
    """Return `namespaceObject`: the fields of a namespace that expressions see."""
    if namespace is None:
        return None
    metadata = {key: value for key, value in namespace["metadata"].items() if key not in _HIDDEN}
    return {"metadata": metadata, "spec": namespace.get("spec") or {}, "status": namespace.get("status") or {}}


def _kind(kind: GroupVersionKind) -> JSONObject:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(resource: Resource) -> JSONObject:
    return {"group": resource.kind.group, "version": resource.kind.version, "resource": resource.plural}
