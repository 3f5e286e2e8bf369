"""The conditions of a namespace that is being deleted, in the words of kube-controller-manager.

Upstream: pkg/controller/namespace/deletion/status_condition_utils.go
"""

from collections import Counter
from collections.abc import Sequence

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject

Remaining = Sequence[tuple[Resource, Sequence[StoredObject]]]

_DISCOVERED = "All resources successfully discovered"
_PARSED = "All legacy kube types successfully parsed"
_DELETED = "All content successfully deleted, may be waiting on finalization"
_REMOVED = "All content successfully removed"
_FINALIZED = "All content-preserving finalizers finished"


def conditions(failures: Sequence[str], remaining: Remaining) -> list[JSONObject]:
    """Return the five conditions.

    Args:
        failures: the messages of deletions that failed.
        remaining: the objects that remain, by resource.
    """
    contents = [f"{resource.group_resource}. has {len(objects)} resource instances" for resource, objects in remaining]
    counts = Counter(
        finalizer
        for _, objects in remaining
        for stored in objects
        for finalizer in stored.decode()["metadata"].get("finalizers") or ()
    )
    held = [f"{finalizer} in {count} resource instances" for finalizer, count in sorted(counts.items())]
    failed = (
        f"Failed to delete all resource types, {len(failures)} remaining: {'; '.join(failures)}" if failures else ""
    )
    some = f"Some resources are remaining: {', '.join(contents)}" if contents else ""
    kept = f"Some content in the namespace has finalizers remaining: {', '.join(held)}" if held else ""
    return [
        _condition("NamespaceDeletionDiscoveryFailure", "", ("", ""), ("ResourcesDiscovered", _DISCOVERED)),
        _condition("NamespaceDeletionGroupVersionParsingFailure", "", ("", ""), ("ParsedGroupVersions", _PARSED)),
        _condition(
            "NamespaceDeletionContentFailure", failed, ("ContentDeletionFailed", failed), ("ContentDeleted", _DELETED)
        ),
        _condition("NamespaceContentRemaining", some, ("SomeResourcesRemain", some), ("ContentRemoved", _REMOVED)),
        _condition(
            "NamespaceFinalizersRemaining", kept, ("SomeFinalizersRemain", kept), ("ContentHasNoFinalizers", _FINALIZED)
        ),
    ]


def differ(new: Sequence[JSONObject], old: Sequence[JSONObject]) -> bool:
    """Return whether the conditions differ, apart from their times."""

    def content(conditions: Sequence[JSONObject]) -> list[tuple[str, str, str]]:
        return [(each["type"], each["status"], each.get("message", "")) for each in conditions]

    return content(new) != content(old)


def _condition(kind: str, holds: str, yes: tuple[str, str], no: tuple[str, str]) -> JSONObject:
    reason, message = yes if holds else no
    now = timestamp()
    status = "True" if holds else "False"
    return {"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message}
