"""Graceful deletion: a pod gets time to stop, and is deleted when its node deletes it with a grace period of 0.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go (BeforeDelete)
"""

from datetime import timedelta
from enum import Enum, auto

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import now, read_time, timestamp, write_time
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.resources.resource import Resource


class Grace(Enum):
    """What a deletion means for the grace period of an object."""

    NONE = auto()
    """There is nothing to wait for."""
    BEGUN = auto()
    """The object is marked: its grace period has begun, or has been shortened."""
    PENDING = auto()
    """A deletion that ends no later has begun before."""


def begin(resource: Resource, obj: JSONObject, options: DeleteOptions) -> Grace:
    """Mark `obj` as being deleted, if its resource is deleted gracefully."""
    if resource.grace_period is None:
        return Grace.NONE
    metadata = obj["metadata"]
    if "deletionTimestamp" in metadata:
        return _shorten(metadata, options)
    period = resource.grace_period(obj, options.grace_period_seconds)
    metadata["deletionTimestamp"] = write_time(now() + timedelta(seconds=period))
    metadata["deletionGracePeriodSeconds"] = period
    if metadata.get("generation", 0) > 0:
        metadata["generation"] += 1
    return Grace.BEGUN


def mark_for_finalizers(metadata: JSONObject) -> None:
    """Mark an object that is only held by its finalizers as being deleted, with no grace period."""
    if "deletionTimestamp" not in metadata:
        if metadata.get("generation", 0) > 0:
            metadata["generation"] += 1
        metadata["deletionTimestamp"] = timestamp()
    elif read_time(metadata["deletionTimestamp"]) > now():
        metadata["deletionTimestamp"] = timestamp()
    metadata["deletionGracePeriodSeconds"] = 0


def _shorten(metadata: JSONObject, options: DeleteOptions) -> Grace:
    present = metadata.get("deletionGracePeriodSeconds") or 0
    if present == 0:
        return Grace.NONE
    period = options.grace_period_seconds
    if period is None or period >= present:
        return Grace.PENDING
    earlier = read_time(metadata["deletionTimestamp"]) - timedelta(seconds=present - period)
    metadata["deletionTimestamp"] = write_time(earlier)
    metadata["deletionGracePeriodSeconds"] = period
    return Grace.BEGUN
