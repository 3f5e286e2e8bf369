"""Fields of pods whose features are off by default in v1.36: they are dropped, unless the pod or template has them already.

ClusterTrustBundleProjection, PodCertificateRequest, ContainerStopSignals, GenericWorkload; of the status ImageVolumeWithDigest,
DRANodeAllocatableResources.

Upstream: pkg/api/pod/util.go (dropDisabledFields, dropDisabledPodStatusFields), pkg/features/kube_features.go
"""

from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.hooks import CreateHook, UpdateHook, WriteContext

PROJECTIONS = ("clusterTrustBundle", "podCertificate")
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
ALLOCATED = "nodeAllocatableResourceClaimStatuses"


def drop_disabled(spec: JSONObject, old: JSONObject) -> None:
    """Drop from the spec of a pod what `old`, its spec before, does not use; in place."""
    if old.get("schedulingGroup") is None:
        spec.pop("schedulingGroup", None)
    for key in PROJECTIONS:
        if not any(key in source for source in _projected(old)):
            for source in _projected(spec):
                source.pop(key, None)
    if not any("stopSignal" in lifecycle for _, lifecycle in _lifecycles(old)):
        for container, lifecycle in _lifecycles(spec):
            if lifecycle.pop("stopSignal", None) is not None and not lifecycle:
                del container["lifecycle"]


def drop_disabled_status(status: JSONObject, old: JSONObject) -> None:
    """Drop from the status of a pod what `old`, its status before, does not use; in place."""
    if not old.get(ALLOCATED):
        status.pop(ALLOCATED, None)
    if not any(mount.get("volumeStatus") for mount in _mounts(old)):
        for mount in _mounts(status):
            mount.pop("volumeStatus", None)


def _mounts(status: JSONObject) -> Iterator[JSONObject]:
    for key in STATUSES:
        for container in status.get(key) or ():
            yield from container.get("volumeMounts") or ()


def _projected(spec: JSONObject) -> Iterator[JSONObject]:
    for volume in spec.get("volumes") or ():
        yield from at(volume, "projected", "sources") or ()


def _lifecycles(spec: JSONObject) -> Iterator[tuple[JSONObject, JSONObject]]:
    for key in CONTAINERS:
        for container in spec.get(key) or ():
            if (lifecycle := container.get("lifecycle")) is not None:
                yield container, lifecycle


def dropped_on_create(*way: str) -> CreateHook:
    """Return the hook of a kind whose pods' spec is below the field names `way`."""

    def prepare_create(obj: JSONObject, context: WriteContext) -> None:
        drop_disabled(at(obj, *way) or {}, {})

    return prepare_create


def dropped_on_update(*way: str) -> UpdateHook:
    """Return the hook of a kind whose pods' spec is below the field names `way`."""

    def prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
        drop_disabled(at(obj, *way) or {}, at(old, *way) or {})

    return prepare_update
