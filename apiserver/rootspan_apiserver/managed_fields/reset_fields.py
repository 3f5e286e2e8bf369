"""Which fields a write through an endpoint cannot change, and so never owns (`GetResetFields` of the real strategies)."""

from collections.abc import Callable

from rootspan_apiserver.managed_fields.field_set import FieldSet, without
from rootspan_apiserver.registry.resource import Resource

Filter = Callable[[FieldSet], FieldSet]

_STATUS: FieldSet = {"f:status": {}}
_SPEC: FieldSet = {"f:spec": {}}
_STATUS_ENDPOINT: dict[tuple[str, str], FieldSet] = {
    ("", "pods"): {**_SPEC, "f:metadata": {"f:deletionTimestamp": {}, "f:ownerReferences": {}}},
    ("apps", "deployments"): {**_SPEC, "f:metadata": {"f:labels": {}}},
    ("apiextensions.k8s.io", "customresourcedefinitions"): {**_SPEC, "f:metadata": {}},
    ("apiregistration.k8s.io", "apiservices"): {**_SPEC, "f:metadata": {}},
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): {**_SPEC, "f:metadata": {}},
    ("resource.k8s.io", "resourceclaims"): {**_SPEC, "f:metadata": {}},
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): {**_SPEC, "f:metadata": {}},
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): {**_SPEC, "f:metadata": {}},
}


def everything(fields: FieldSet) -> FieldSet:
    """The set as it is."""
    return fields


def owned_through(resource: Resource, subresource: str) -> Filter:
    """What remains of a set when it was written through the resource itself (subresource "") or through a subresource."""
    if subresource == "status":
        if resource.custom:
            return lambda fields: {"f:status": fields["f:status"]} if "f:status" in fields else {}
        kept_out = _STATUS_ENDPOINT.get((resource.kind.group, resource.plural), _SPEC)
    elif "status" in resource.subresources:
        kept_out = _STATUS
    else:
        return everything
    return lambda fields: without(fields, kept_out)
