"""What objects count for in quotas, and which quotas count them."""

from typing import Any

import pytest

from rootspan_apiserver.admission.quota.evaluator import Evaluator, scope_selectors
from rootspan_apiserver.admission.quota.persistent_volume_claims import PersistentVolumeClaimEvaluator
from rootspan_apiserver.admission.quota.pods import PodEvaluator
from rootspan_apiserver.admission.quota.resource_claims import ClaimSurroundings, ResourceClaimEvaluator
from rootspan_apiserver.admission.quota.services import ServiceEvaluator
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.resource_amounts import without_zeros, written


def usage(evaluator: Evaluator, obj: JSONObject) -> JSONObject:
    return written(without_zeros(evaluator.usage(obj)))


def container(requests: Any = None, limits: Any = None, **fields: Any) -> JSONObject:
    return {"name": "c", "resources": {"requests": requests or {}, "limits": limits or {}}, **fields}


def pod(*containers: JSONObject, status: JSONObject | None = None, **spec: Any) -> JSONObject:
    containers = containers or (container(),)
    return {"metadata": {"name": "p"}, "spec": {"containers": list(containers), **spec}, "status": status or {}}


ONE_POD = {"count/pods": "1", "pods": "1"}

PODS: list[tuple[JSONObject, JSONObject]] = [
    (pod(), ONE_POD),
    (
        pod(container({"cpu": "1", "memory": "1Gi"}, {"cpu": "2"}), container({"cpu": "500m"})),
        ONE_POD
        | {"cpu": "1500m", "requests.cpu": "1500m", "limits.cpu": "2"}
        | {"memory": "1Gi", "requests.memory": "1Gi"},
    ),
    (
        pod(container({"cpu": "1"}), initContainers=[container({"cpu": "3"}), container({"cpu": "1"})]),
        ONE_POD | {"cpu": "3", "requests.cpu": "3"},
    ),
    (
        pod(
            container({"cpu": "1"}),
            initContainers=[container({"cpu": "2"}, restartPolicy="Always"), container({"cpu": "2"})],
        ),
        ONE_POD | {"cpu": "4", "requests.cpu": "4"},
    ),
    (
        pod(container({"example.com/gpu": "2", "hugepages-2Mi": "4Mi", "ephemeral-storage": "1k"})),
        ONE_POD
        | {"requests.example.com/gpu": "2", "hugepages-2Mi": "4Mi", "requests.hugepages-2Mi": "4Mi"}
        | {"ephemeral-storage": "1k", "requests.ephemeral-storage": "1k"},
    ),
    (
        pod(container({"cpu": "1"}), resources={"requests": {"cpu": "5"}}, overhead={"cpu": "250m"}),
        ONE_POD | {"cpu": "5250m", "requests.cpu": "5250m"},
    ),
    (
        pod(container({}, {"cpu": "1"}), overhead={"cpu": "1", "memory": "1Gi"}),
        ONE_POD | {"cpu": "1", "requests.cpu": "1", "limits.cpu": "2", "memory": "1Gi", "requests.memory": "1Gi"},
    ),
    (pod(container({"cpu": "1"}), status={"phase": "Failed"}), {"count/pods": "1"}),
    (pod(container({"cpu": "1"}), status={"phase": "Succeeded"}), {"count/pods": "1"}),
    (
        pod(container({"cpu": "1"}))
        | {"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}},
        {"count/pods": "1"},
    ),
    (
        pod(
            container({"cpu": "1"}),
            status={
                "containerStatuses": [
                    {"name": "c", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "3"}}
                ]
            },
        ),
        ONE_POD | {"cpu": "3", "requests.cpu": "3"},
    ),
    (
        pod(
            container({"cpu": "9"}),
            status={
                "conditions": [{"type": "PodResizePending", "reason": "Infeasible"}],
                "containerStatuses": [{"name": "c", "resources": {"requests": {"cpu": "2"}}}],
            },
        ),
        ONE_POD | {"cpu": "2", "requests.cpu": "2"},
    ),
]


@pytest.mark.parametrize(("obj", "expected"), PODS)
def test_pod_counts_for_what_it_requests(obj: JSONObject, expected: JSONObject) -> None:
    """Containers, init containers, sidecars, overhead, resizes; an ended pod is an object and nothing else."""
    assert usage(PodEvaluator(), obj) == expected


SERVICES: list[tuple[JSONObject, JSONObject]] = [
    ({"type": "ClusterIP", "ports": [{"port": 1}]}, {}),
    ({"type": "NodePort", "ports": [{"port": 1}, {"port": 2}]}, {"services.nodeports": "2"}),
    (
        {"type": "LoadBalancer", "ports": [{"port": 1}, {"port": 2}]},
        {"services.nodeports": "2", "services.loadbalancers": "1"},
    ),
    (
        {
            "type": "LoadBalancer",
            "allocateLoadBalancerNodePorts": False,
            "ports": [{"port": 1, "nodePort": 3}, {"port": 2}],
        },
        {"services.nodeports": "1", "services.loadbalancers": "1"},
    ),
]


@pytest.mark.parametrize(("spec", "expected"), SERVICES)
def test_service_counts_for_its_ports(spec: JSONObject, expected: JSONObject) -> None:
    """Node ports count by the type of the service, before they are allocated."""
    assert usage(ServiceEvaluator(), {"spec": spec}) == {"count/services": "1", "services": "1"} | expected


def claim(storage: str, *, metadata: JSONObject | None = None, status: Any = None, **spec: Any) -> JSONObject:
    resources = {"requests": {"storage": storage}}
    return {"metadata": metadata or {}, "spec": {"resources": resources, **spec}, "status": status or {}}


ONE_CLAIM = {"count/persistentvolumeclaims": "1", "persistentvolumeclaims": "1"}


def test_claim_counts_for_its_storage_and_class() -> None:
    """In whole bytes; more if more is allocated; the class of the old annotation goes first."""
    evaluator = PersistentVolumeClaimEvaluator()
    fast = "fast.storageclass.storage.k8s.io"
    assert usage(evaluator, claim("1Gi")) == ONE_CLAIM | {"requests.storage": "1Gi"}
    assert usage(evaluator, claim("1500m")) == ONE_CLAIM | {"requests.storage": "2"}
    allocated = {"allocatedResources": {"storage": "3Gi"}}
    of_class = ONE_CLAIM | {f"{fast}/persistentvolumeclaims": "1"}
    assert usage(evaluator, claim("1Gi", status=allocated, storageClassName="fast")) == of_class | {
        "requests.storage": "3Gi",
        f"{fast}/requests.storage": "3Gi",
    }
    annotated = {"annotations": {"volume.beta.kubernetes.io/storage-class": "fast"}}
    assert usage(evaluator, claim("1", metadata=annotated, storageClassName="slow")) == of_class | {
        "requests.storage": "1",
        f"{fast}/requests.storage": "1",
    }
    assert evaluator.matching([f"{fast}/requests.storage", "requests.storage", "cpu", "pods"]) == [
        f"{fast}/requests.storage",
        "requests.storage",
    ]


def device_claim(*requests: JSONObject, metadata: JSONObject | None = None) -> JSONObject:
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "claim", **(metadata or {})},
        "spec": {"devices": {"requests": list(requests)}},
    }


def asked(name: str, count: int | None = None) -> JSONObject:
    """A request for `count` devices of a class, for all of them without."""
    amount = {"allocationMode": "All"} if count is None else {"allocationMode": "ExactCount", "count": count}
    return {"deviceClassName": name, **amount}


def test_device_claim_counts_for_the_most_devices_of_each_class() -> None:
    """All devices are at most 32; of alternatives the largest counts, for each class; devices are extended resources, too."""
    classes = [{"metadata": {"name": "gpu"}, "spec": {"extendedResourceName": "example.com/gpu"}}]
    evaluator = ResourceClaimEvaluator(ClaimSurroundings(classes=classes, pods=[], claims=[]))
    obj = device_claim(
        {"exactly": asked("gpu", 2)},
        {"exactly": asked("nic")},
        {"firstAvailable": [asked("gpu", 1), asked("gpu", 3), asked("fpga", 1)]},
    )
    implicit = "requests.deviceclass.resource.kubernetes.io"
    assert usage(evaluator, obj) == {
        "count/resourceclaims.resource.k8s.io": "1",
        "gpu.deviceclass.resource.k8s.io/devices": "5",
        "nic.deviceclass.resource.k8s.io/devices": "32",
        "fpga.deviceclass.resource.k8s.io/devices": "1",
        f"{implicit}/gpu": "5",
        f"{implicit}/nic": "32",
        f"{implicit}/fpga": "1",
        "requests.example.com/gpu": "5",
    }
    counted = ["count/resourceclaims.resource.k8s.io", "x.deviceclass.resource.k8s.io/devices"]
    counted += [f"{implicit}/gpu", "requests.example.com/gpu"]
    assert evaluator.matching([*counted, f"{implicit}/nic", "requests.example.com/other", "pods"]) == counted


def test_device_claim_of_extended_resources_is_not_counted_twice() -> None:
    """What the pod that owns the claim requests of the extended resource is counted for the pod."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1", "controller": True}
    metadata = {
        "annotations": {"resource.kubernetes.io/extended-resource-claim": "true"},
        "ownerReferences": [owner],
        "creationTimestamp": "2026-01-01T00:00:01Z",
    }
    classes = [{"metadata": {"name": "gpu"}, "spec": {"extendedResourceName": "example.com/gpu"}}]
    owning = pod(container({"example.com/gpu": "2"})) | {"metadata": {"name": "p", "uid": "u1"}}
    obj = device_claim({"exactly": asked("gpu", 2)}, metadata=metadata)
    evaluator = ResourceClaimEvaluator(ClaimSurroundings(classes=classes, pods=[owning], claims=[obj]))
    assert "requests.example.com/gpu" not in usage(evaluator, obj)
    earlier = device_claim(metadata=metadata | {"name": "earlier", "creationTimestamp": "2026-01-01T00:00:00Z"})
    crowded = ResourceClaimEvaluator(ClaimSurroundings(classes=classes, pods=[owning], claims=[obj, earlier]))
    assert usage(crowded, obj)["requests.example.com/gpu"] == "2"


def test_other_objects_count_as_one() -> None:
    """By the name of their resource; some resources of the core group have an older name."""
    assert usage(Evaluator(GroupResource("apps", "deployments")), {}) == {"count/deployments.apps": "1"}
    aliased = Evaluator(GroupResource("", "secrets"), ("secrets",))
    assert usage(aliased, {}) == {"count/secrets": "1", "secrets": "1"}


FOREIGN = {"topologyKey": "zone", "namespaces": ["other"]}
LABELLED = {"topologyKey": "zone", "namespaceSelector": {}}
SCOPES: list[tuple[JSONObject, JSONObject, bool]] = [
    ({"scopes": ["Terminating"]}, pod(activeDeadlineSeconds=0), True),
    ({"scopes": ["Terminating"]}, pod(), False),
    ({"scopes": ["NotTerminating"]}, pod(), True),
    ({"scopes": ["BestEffort"]}, pod(), True),
    ({"scopes": ["BestEffort"]}, pod(container({"cpu": "1"})), False),
    ({"scopes": ["NotBestEffort"]}, pod(container({"cpu": "1"})), True),
    ({"scopes": ["NotBestEffort", "Terminating"]}, pod(container({"cpu": "1"})), False),
    ({"scopes": ["PriorityClass"]}, pod(priorityClassName="high"), True),
    ({"scopes": ["PriorityClass"]}, pod(), False),
    ({"scopes": ["CrossNamespacePodAffinity"]}, pod(), False),
    (
        {"scopes": ["CrossNamespacePodAffinity"]},
        pod(affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [FOREIGN]}}),
        True,
    ),
    (
        {"scopes": ["CrossNamespacePodAffinity"]},
        pod(
            affinity={
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": LABELLED}]
                }
            }
        ),
        True,
    ),
]
PRIORITIES = [
    ("In", ["high", "low"], "high", True),
    ("In", ["low"], "high", False),
    ("In", ["low"], "", False),
    ("NotIn", ["low"], "high", True),
    ("NotIn", ["high"], "high", False),
    ("NotIn", ["high"], "", True),
    ("Exists", [], "high", True),
    ("DoesNotExist", [], "", True),
    ("DoesNotExist", [], "high", False),
]


@pytest.mark.parametrize(("spec", "obj", "expected"), SCOPES)
def test_scopes_of_pods(spec: JSONObject, obj: JSONObject, expected: bool) -> None:
    """A pod has to be in every scope of a quota."""
    selectors = scope_selectors({"spec": spec})
    assert all(PodEvaluator().is_in_scope(selector, obj) for selector in selectors) is expected


@pytest.mark.parametrize(("operator", "values", "name", "expected"), PRIORITIES)
def test_scope_selectors_match_classes(operator: str, values: list[str], name: str, expected: bool) -> None:
    """Of the priority of a pod, and of the volume attributes of a claim, in use or wished for."""
    of_pods = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    assert PodEvaluator().is_in_scope(of_pods, pod(priorityClassName=name)) is expected
    evaluator = PersistentVolumeClaimEvaluator()
    of_claims = of_pods | {"scopeName": "VolumeAttributesClass"}
    assert evaluator.is_in_scope(of_claims, claim("1", volumeAttributesClassName=name)) is expected
    modifying = {"modifyVolumeStatus": {"targetVolumeAttributesClassName": name}}
    assert evaluator.is_in_scope(of_claims, claim("1", status=modifying)) is expected
    assert evaluator.is_in_scope(of_pods, claim("1", volumeAttributesClassName=name)) is False
