"""Updating: optimistic locking, then the strategy's preparation and validation.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/update.go
"""

from functools import partial

from rootspan_apiserver.kube.go_numbers import parse_uint
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, conflict, invalid, modified
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.registry import metadata as object_metadata
from rootspan_apiserver.registry.create import refuse
from rootspan_apiserver.registry.options import UpdateOptions
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.scope import object_path
from rootspan_apiserver.storage.stored_object import StoredObject


async def before_update(
    resource: Resource, namespace: str, obj: JSONObject, old: JSONObject, options: UpdateOptions
) -> None:
    """Make `obj` what replaces `old`.

    Raises:
        StatusError: 400 or 422, the object cannot be changed like this.
    """
    metadata, before = obj["metadata"], old["metadata"]
    object_metadata.tidy(metadata)
    object_metadata.match_namespace(resource, namespace, metadata)
    if "generation" in before:
        metadata["generation"] = before["generation"]
    else:
        metadata.pop("generation", None)
    strategy = resource.strategy
    await calculated(partial(strategy.prepare_for_update, obj, old, options.subresource, options.context))
    metadata = obj["metadata"]
    object_metadata.keep_system_fields(metadata, before)

    def validate() -> None:
        errors = object_metadata.check(resource, metadata, before)
        errors += strategy.validate_update(obj, old, options.subresource, options.context)
        refuse(resource, metadata.get("name", ""), errors)
        _keep_times(obj, old)

    await calculated(validate, long=strategy.is_slow_to_validate(obj))


def check_uid(resource: Resource, namespace: str, name: str, wanted: str, current: StoredObject | None) -> None:
    """Check that the present object has the `wanted` uid, if one is.

    Raises:
        StatusError: 409.
    """
    if not wanted:
        return
    present = "" if current is None else current.uid
    if wanted != present:
        path = object_path(resource, namespace, name)
        why = (
            f"StorageError: invalid object, Code: 4, Key: /registry{path}, ResourceVersion: 0, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {present}"
        )
        raise conflict(resource.group_resource, name, why)


def check_version(resource: Resource, name: str, metadata: JSONObject, current: StoredObject) -> None:
    """Check that the resourceVersion in `metadata`, if there is one, is that of the present object, and set it.

    Raises:
        StatusError: 409, it is another; 422, the resource cannot be updated without one; 500, it is not a number.
    """
    try:
        version = parse_uint(metadata.get("resourceVersion") or "0")
    except ValueError as reason:
        raise StatusError(500, "", str(reason)) from reason
    if not version:
        if not resource.allow_unconditional_update:
            error = FieldError.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            # The real server names the resource where other refusals name the kind.
            raise invalid(resource.kind.group, resource.plural, name, [error])
    elif version != current.revision:
        raise modified(resource.group_resource, name)
    metadata["resourceVersion"] = current.resource_version


def _keep_times(obj: JSONObject, old: JSONObject) -> None:
    """If nothing but times in managedFields differs, keep those of `old`: such an update writes nothing."""
    managed, before = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
    if not managed or not before or len(managed) != len(before):
        return
    if any(_timeless(new) != _timeless(entry) for new, entry in zip(managed, before, strict=True)):
        return
    if _without_managed_fields(obj) == _without_managed_fields(old):
        obj["metadata"]["managedFields"] = before


def _timeless(entry: JSONObject) -> JSONObject:
    return {name: value for name, value in entry.items() if name != "time"}


def _without_managed_fields(obj: JSONObject) -> JSONObject:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": metadata}
