"""Fields whose feature gates are off in v1.36 are dropped when they are written; every such field of the types has a row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.options.feature_gates import FeatureGates, known_gates
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.types.tables import go_types
from tests.apiserver.resources.kind_checks import changed

RENAMED = {"PodCertificateProjection": "PodCertificateRequest"}
"""Gates that upstream's comments call by another name than the table of gates."""
LEFT = {
    "core/v1.ContainerStatus.stopSignal": "kube-apiserver stores what the kubelet says",
    "core/v1.PodLogOptions.stream": "a parameter, which is refused",
    "discovery/v1beta1.Endpoint.hints": "not served, and the gate is gone",
    "meta/v1.ListMeta.shardInfo": "of answers only",
    "meta/v1.ListOptions.shardSelector": "a parameter, which is ignored",
    "storage/v1.CSIDriverSpec.storageCapacity": "the gate is gone: the feature is on",
}
"""Fields with a gate that is off, or unknown, and that are not dropped from objects, and why."""
UNSERVED = ("apps/v1beta", "scheduling/v1alpha2.")
"""Versions that are not served."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field at `place` of an object of the resource at `group/plural`, as it is written through a subresource."""

    resource: str
    place: str
    value: Any
    subresource: str = ""


CONTAINER = "spec.containers.0.name"
DRIVER_SPEC = "storage.k8s.io/csidrivers"
SLICE = "resource.k8s.io/resourceslices"
LEASE = "coordination.k8s.io/leases"
ATTRIBUTE = "spec.devices.0.attributes.a"
PODS = {
    "/pods": "spec",
    "/podtemplates": "template.spec",
    "/replicationcontrollers": "spec.template.spec",
    "apps/daemonsets": "spec.template.spec",
    "apps/deployments": "spec.template.spec",
    "apps/replicasets": "spec.template.spec",
    "apps/statefulsets": "spec.template.spec",
    "batch/cronjobs": "spec.jobTemplate.spec.template.spec",
    "batch/jobs": "spec.template.spec",
}
"""The places of the specs of pods."""


def in_pods(place: str, value: Any) -> tuple[Dropped, ...]:
    return tuple(Dropped(resource, f"{spec}.{place}", value) for resource, spec in PODS.items())


TABLE: dict[str, tuple[Dropped, ...]] = {
    "apps/v1.RollingUpdateStatefulSetStrategy.maxUnavailable": (
        Dropped("apps/statefulsets", "spec.updateStrategy.rollingUpdate.maxUnavailable", 2),
    ),
    "coordination/v1.LeaseSpec.preferredHolder": (Dropped(LEASE, "spec.preferredHolder", "b"),),
    "coordination/v1.LeaseSpec.strategy": (Dropped(LEASE, "spec.strategy", "OldestEmulationVersion"),),
    "core/v1.PodSpec.schedulingGroup": in_pods("schedulingGroup", {"podGroupName": "g"}),
    "core/v1.PodStatus.nodeAllocatableResourceClaimStatuses": (
        Dropped("/pods", "status.nodeAllocatableResourceClaimStatuses", [{"resourceClaimName": "c"}], "status"),
    ),
    "core/v1.TypedObjectReference.namespace": (
        Dropped(
            "/persistentvolumeclaims",
            "spec.dataSourceRef",
            {"kind": "PersistentVolumeClaim", "name": "c", "namespace": "elsewhere"},
        ),
    ),
    "core/v1.VolumeProjection.clusterTrustBundle": in_pods(
        "volumes.0.projected.sources.0.clusterTrustBundle", {"path": "p", "name": "n"}
    ),
    "core/v1.VolumeProjection.podCertificate": in_pods(
        "volumes.0.projected.sources.0.podCertificate", {"signerName": "a/b", "keyType": "ED25519"}
    ),
    "core/v1.VolumeStatus.image": tuple(
        Dropped("/pods", f"status.{kind}.0.volumeMounts.0.volumeStatus", {"image": {"imageRef": "i"}}, "status")
        for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    ),
    "resource/v1.Device.nodeAllocatableResourceMappings": (
        Dropped(SLICE, "spec.devices.0.nodeAllocatableResourceMappings", {"cpu": {"allocationMultiplier": "1"}}),
    ),
    **{
        f"resource/v1.DeviceAttribute.{name}": (Dropped(SLICE, f"{ATTRIBUTE}.{name}", value),)
        for name, value in {"bools": [True], "ints": [1], "strings": ["a"], "versions": ["1.0.0"]}.items()
    },
    "storage/v1.CSIDriverSpec.preventPodSchedulingIfMissing": (
        Dropped(DRIVER_SPEC, "spec.preventPodSchedulingIfMissing", True),
    ),
}
BEYOND: dict[str, tuple[Dropped, ...]] = {
    "core/v1.Lifecycle.stopSignal": in_pods("containers.0.lifecycle.stopSignal", "SIGTERM"),
    "core/v1.NodeConfigStatus": (Dropped("/nodes", "status.config", {"error": "e"}, "status"),),
    "core/v1.NodeConfigSource": (Dropped("/nodes", "spec.configSource", {"configMap": {"name": "c"}}),),
}
"""Fields that upstream's comments do not tie to a gate, or whose feature was removed."""
CASES = [case for table in (TABLE, BEYOND) for cases in table.values() for case in cases]


def gated() -> Iterator[str]:
    """Yield the fields that are guarded by a gate that is off in 1.36, or that the table of gates does not have."""
    gates, table = FeatureGates("1.36"), go_types()
    for name in table.structs():
        try:
            struct = table.struct(name)
        except KeyError:
            continue
        for field in struct.declared:
            named = [RENAMED.get(gate, gate) for gate in field.published.gates]
            if any(gate not in known_gates() or not gates.enabled(gate) for gate in named):
                yield f"{name}.{field.name}"


def family(field: str) -> str:
    """The field of the version that is stored, of the same field in another one."""
    head, _, name = field.partition(".")
    group = head.partition("/")[0]
    return f"{group}/v1.{name.replace('BasicDevice', 'Device')}"


def find(obj: JSONObject, place: str) -> Any:
    found: Any = obj
    for name in place.split("."):
        found = found[int(name)] if isinstance(found, list) else (found or {}).get(name)
    return found


def written(case: Dropped, *, in_use: bool) -> Any:
    """What is at the place of `case` after an update that sets it, of an object that has it already or not."""
    group, _, plural = case.resource.rpartition("/")
    resource = builtin_registry().builtin(plural, group)
    kind = {"metadata": {"name": "a"}, "spec": {}, "status": {}, "template": {}}
    new = changed(kind, {case.place: case.value})
    old = changed(kind, {case.place: case.value if in_use else None})
    for obj in (new, old):
        resource.strategy.default(obj)
    resource.strategy.prepare_for_update(new, old, case.subresource)
    return find(new, case.place)


def created(case: Dropped) -> Any:
    group, _, plural = case.resource.rpartition("/")
    strategy = builtin_registry().builtin(plural, group).strategy
    obj = changed({"metadata": {"name": "a", "uid": "u"}, "spec": {}, "template": {}}, {case.place: case.value})
    strategy.default(obj)
    strategy.prepare_for_create(obj)
    return find(obj, case.place)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.resource} {case.place}")
def test_field_of_disabled_feature_is_dropped(case: Dropped) -> None:
    """Neither a create nor an update stores it; an object that has it already keeps it."""
    assert created(case) is None
    assert written(case, in_use=False) is None
    assert written(case, in_use=True) is not None


def test_every_field_of_disabled_feature_is_known() -> None:
    """A field of the types whose gate is off has a row above, or a reason why it has none; rows name fields that there are."""
    fields = [field for field in gated() if not field.startswith(UNSERVED)]
    stored = {field if field in LEFT else family(field) for field in fields}
    assert stored == {*TABLE, *LEFT}
