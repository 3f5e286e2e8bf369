"""The fields that a write through an endpoint cannot change, and so never owns.

Upstream: pkg/registry/*/*/strategy.go (GetResetFields)
"""

from collections.abc import Callable, Iterable

from rootspan_apiserver.managed_fields.field_set import FieldSet, without
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS

Filter = Callable[[FieldSet], FieldSet]

_STATUS: FieldSet = {"f:status": {}}
_SPEC: FieldSet = {"f:spec": {}}


def everything(fields: FieldSet) -> FieldSet:
    """The set as it is."""
    return fields


def owned_through(resource: Resource, subresource: str) -> Filter:
    """Return what remains of a set when it was written through the resource itself (subresource "") or through a subresource."""
    part = resource.definition.parts.get(subresource)
    reset = resource.definition.reset_fields if part is None else part.reset_fields
    if reset is not None:
        never_owned = _of_paths(reset)
        return lambda fields: without(fields, never_owned)
    if subresource == "status":
        if resource.custom:
            return lambda fields: {"f:status": fields["f:status"]} if "f:status" in fields else {}
        kept_out = _kept_out_of_status(resource)
    elif "status" in resource.subresources:
        kept_out = _STATUS
    else:
        return everything
    return lambda fields: without(fields, kept_out)


def _of_paths(paths: Iterable[str]) -> FieldSet:
    """Return the set of fields at dotted paths."""
    found: FieldSet = {}
    for path in paths:
        node = found
        for name in path.split("."):
            node = node.setdefault(f"f:{name}", {})
    return found


def _kept_out_of_status(resource: Resource) -> FieldSet:
    part = resource.definition.parts["status"]
    kept = part.keeps_metadata if part.reset_metadata is None else part.reset_metadata
    if kept == METADATA_OF_STATUS:
        return {**_SPEC, "f:metadata": {}}
    if not kept:
        return _SPEC
    return {**_SPEC, "f:metadata": {f"f:{name}": {} for name in kept}}
