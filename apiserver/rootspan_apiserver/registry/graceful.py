"""Graceful deletion: a pod gets time to stop, and is gone when its node says so by deleting it with a grace period of 0."""

from datetime import timedelta
from typing import Literal

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import now, read_time, timestamp, write_time
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.resources.resource import Resource

Outcome = Literal["at once", "marked", "pending"]


def begin(resource: Resource, obj: JSONObject, options: DeleteOptions) -> tuple[Outcome, int]:
    """Mark `obj` as being deleted, if its resource is deleted gracefully; the outcome and the grace period in seconds.

    "at once": there is nothing to wait for; "marked": `obj` was changed; "pending": a deletion no later than this has begun before.
    """
    if not resource.graceful:
        return "at once", 0
    metadata = obj["metadata"]
    if "deletionTimestamp" in metadata:
        return _shorten(metadata, options)
    period = _period(obj, options)
    metadata["deletionTimestamp"] = write_time(now() + timedelta(seconds=period))
    metadata["deletionGracePeriodSeconds"] = period
    if metadata.get("generation", 0) > 0:
        metadata["generation"] += 1
    return "marked", period


def mark_for_finalizers(metadata: JSONObject) -> None:
    """Of an object that would be gone at once, but for its finalizers."""
    if "deletionTimestamp" not in metadata:
        if metadata.get("generation", 0) > 0:
            metadata["generation"] += 1
        metadata["deletionTimestamp"] = timestamp()
    elif read_time(metadata["deletionTimestamp"]) > now():
        metadata["deletionTimestamp"] = timestamp()
    metadata["deletionGracePeriodSeconds"] = 0


def _shorten(metadata: JSONObject, options: DeleteOptions) -> tuple[Outcome, int]:
    present = metadata.get("deletionGracePeriodSeconds") or 0
    if present == 0:
        return "at once", 0
    period = options.grace_period_seconds
    if period is None or period >= present:
        return "pending", present
    earlier = read_time(metadata["deletionTimestamp"]) - timedelta(seconds=present - period)
    metadata["deletionTimestamp"] = write_time(earlier)
    metadata["deletionGracePeriodSeconds"] = period
    return "marked", period


def _period(pod: JSONObject, options: DeleteOptions) -> int:
    spec, phase = pod.get("spec") or {}, (pod.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Failed", "Succeeded"):
        return 0
    period = options.grace_period_seconds
    if period is None:
        period = spec.get("terminationGracePeriodSeconds") or 0
    return 1 if period < 0 else period
