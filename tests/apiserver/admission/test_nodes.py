"""Plugins of nodes and of pods on nodes: the taint of new nodes, topology labels, resizes and declared features."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.objects_of_nodes import mutated, node, pod, refusal
from tests.apiserver.admission.parts import admission

pytestmark = pytest.mark.anyio
TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
TOPOLOGY = {"topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r"}


async def test_new_node_is_tainted_once() -> None:
    """The same key with another effect is another taint; an update is left alone."""
    async with admission() as parts:
        assert (await mutated(parts, node(), "nodes"))["spec"]["taints"] == [TAINT]
        other = {**TAINT, "effect": "NoExecute"}
        assert (await mutated(parts, node(spec={"taints": [other]}), "nodes"))["spec"]["taints"] == [other, TAINT]
        own = {**TAINT, "value": "x"}
        assert (await mutated(parts, node(spec={"taints": [own]}), "nodes"))["spec"]["taints"] == [own]
        assert "spec" not in await mutated(parts, node(), "nodes", operation="UPDATE", old=node())


async def test_pod_on_node_gets_topology_labels() -> None:
    """They overwrite the pod's; a pod without a node, and one on a node that does not exist, keep their own."""
    async with admission() as parts:
        parts.put("nodes", node(labels={**TOPOLOGY, "other": "o"}))
        given = pod(nodeName="n1")
        given["metadata"]["labels"] = {"topology.kubernetes.io/zone": "mine", "a": "b"}
        assert (await mutated(parts, given))["metadata"]["labels"] == {**TOPOLOGY, "a": "b"}
        assert "labels" not in (await mutated(parts, pod(nodeName="gone")))["metadata"]
        assert "labels" not in (await mutated(parts, pod()))["metadata"]


async def test_binding_gets_topology_labels() -> None:
    """Only one to a node."""
    async with admission() as parts:
        parts.put("nodes", node(labels=TOPOLOGY))
        binding = {
            "kind": "Binding",
            "metadata": {"name": "p", "namespace": "default"},
            "target": {"kind": "Node", "name": "n1"},
        }
        assert (await mutated(parts, binding, subresource="binding"))["metadata"]["labels"] == TOPOLOGY
        other = {
            **binding,
            "metadata": {"name": "p", "namespace": "default"},
            "target": {"kind": "Other", "name": "n1"},
        }
        assert "labels" not in (await mutated(parts, other, subresource="binding"))["metadata"]


def resized(**spec: Any) -> tuple[JSONObject, JSONObject]:
    """A pod before and after a change that counts."""
    old, new = pod(nodeName="n1"), pod(nodeName="n1", **spec)
    new["metadata"]["generation"] = 2
    return old, new


def requesting(**requests: str) -> list[JSONObject]:
    return [{"name": "c", "resources": {"requests": requests}}]


async def test_resize_beyond_node_returns_403() -> None:
    """The amounts are in thousandths of a processor and in bytes, the overhead included; the cause has a reason."""
    async with admission() as parts:
        parts.put("nodes", node(status={"allocatable": {"cpu": "2", "memory": "1Gi"}}))
        old, small = resized(containers=requesting(cpu="2"))
        resize: dict[str, Any] = {"phase": "validate", "operation": "UPDATE", "old": old, "subresource": "resize"}
        assert await refusal(parts, small, **resize) == ""
        _, large = resized(containers=requesting(cpu="1900m", memory="2Gi"), overhead={"cpu": "200m"})
        words = "cpu, requested: 2100, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824"
        with pytest.raises(StatusError) as refused:
            await parts.admission.validate(
                parts.attributes(large, path="pods", operation="UPDATE", old=old, subresource="resize")
            )
        assert refused.value.message.endswith(f"node didn't have enough allocatable resources: {words}")
        assert (refused.value.details or {})["causes"] == [{"reason": "NodeCapacity"}]


async def test_resize_on_unknown_or_other_node_returns_403() -> None:
    """A node that does not exist, and one that runs another system."""
    async with admission() as parts:
        old, new = resized(containers=requesting(cpu="1"))
        resize: dict[str, Any] = {"phase": "validate", "operation": "UPDATE", "old": old, "subresource": "resize"}
        assert await refusal(parts, new, **resize) == 'node "n1" not found'
        parts.put("nodes", node(labels={"kubernetes.io/os": "windows"}))
        words = 'pod resize is only supported on linux nodes, node "n1" is "windows"'
        assert await refusal(parts, new, **resize) == words


async def test_update_needs_declared_features_of_node() -> None:
    """Resources of the whole pod and of init containers that end; sidecars need nothing."""
    async with admission() as parts:
        parts.put("nodes", node(status={"declaredFeatures": ["InPlacePodVerticalScalingInitContainers"]}))
        initial = [{"name": "i", "resources": {}}]
        old = pod(nodeName="n1", initContainers=initial)
        new = pod(nodeName="n1", initContainers=[{"name": "i", "resources": {"requests": {"cpu": "1"}}}])
        new["metadata"]["generation"] = 2
        update: dict[str, Any] = {"phase": "validate", "operation": "UPDATE", "old": old}
        assert await refusal(parts, new, **update) == ""
        whole = pod(nodeName="n1", initContainers=initial, resources={"requests": {"cpu": "1"}})
        whole["metadata"]["generation"] = 2
        feature = "InPlacePodLevelResourcesVerticalScaling"
        words = f'pod update requires features {feature} which are not available on node "n1"'
        assert await refusal(parts, whole, **update) == words
