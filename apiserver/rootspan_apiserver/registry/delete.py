"""Deleting: at once, or by an update that marks the object for those who have to finish their work before it is deleted.

An object is held by its finalizers, by its grace period (a pod), and by a finalization of its own kind (a namespace).

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go, pkg/registry/core/namespace/storage/storage.go
"""

from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import conflict
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.finalizers import finalizers_for
from rootspan_apiserver.registry.graceful import Grace, begin, mark_for_finalizers
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Delete, Keep, StoredObject, Write


def before_delete(resource: Resource, current: StoredObject, options: DeleteOptions) -> Write | Keep | Delete:
    """Decide what a deletion does to the object first.

    Returns:
        `Write` with the object marked as being deleted; `Keep` if a deletion has begun that ends no later; `Delete` if nothing holds the
        object.
    """
    obj = current.decode()
    metadata = obj["metadata"]
    finalization = resource.finalization
    if finalization is not None:
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = timestamp()
            finalization.begin(obj)
            _set_finalizers(resource, metadata, options)
            return Write(obj)
        if finalization.is_pending(obj):
            return Keep(current)
    grace = begin(resource, obj, options)
    if grace is Grace.PENDING:
        return Keep(current)
    _set_finalizers(resource, metadata, options)
    if grace is Grace.NONE:
        if not metadata.get("finalizers"):
            return Delete(current)
        mark_for_finalizers(metadata)
    return Write(obj)


def is_held(resource: Resource, before: StoredObject, marked: StoredObject) -> bool:
    """Return whether an object that has been `marked` is not deleted yet; `before` is the object when the deletion was asked for."""
    metadata = marked.metadata()
    if metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return True
    return resource.finalization is not None and not before.is_terminating


def completes_deletion(resource: Resource, obj: JSONObject, old: JSONObject) -> bool:
    """Return whether the update of `old` to `obj` removes the last thing that held the object."""
    metadata, before = obj["metadata"], old["metadata"]
    if metadata.get("finalizers"):
        return False
    if resource.finalization is not None:
        return "deletionTimestamp" in before and not resource.finalization.is_pending(obj)
    return "deletionGracePeriodSeconds" in before and not before["deletionGracePeriodSeconds"]


def check_preconditions(resource: Resource, current: StoredObject, options: DeleteOptions) -> None:
    """Check that `current` is the object, and the version of it, that is to be deleted.

    Raises:
        StatusError: 409.
    """
    kind = GroupResource(resource.kind.group, resource.kind.kind)
    uid, version = options.precondition_uid, options.precondition_resource_version
    if uid and uid != current.uid:
        why = f"the UID in the precondition ({uid}) does not match the UID in record ({current.uid})."
        why += " The object might have been deleted and then recreated"
        raise conflict(kind, current.name, why)
    if version and version != current.resource_version:
        why = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record"
        why += f" ({current.resource_version}). The object might have been modified"
        raise conflict(kind, current.name, why)


def _set_finalizers(resource: Resource, metadata: JSONObject, options: DeleteOptions) -> None:
    finalizers = finalizers_for(resource, metadata, options)
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
