"""RuntimeClass: overhead, node selector and tolerations of a pod's runtime class."""

from typing import Any

import pytest

from tests.apiserver.admission.objects_of_nodes import TOLERATED, account, mutated, pod, refusal
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio
OVERHEAD = {"podFixed": {"cpu": "100m", "memory": "64Mi"}}
MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


def runtime_class(parts: Parts, **fields: Any) -> None:
    metadata = {"name": "heavy"}
    kind = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "h"}
    parts.put("node.k8s.io/v1/runtimeclasses", {**kind, "metadata": metadata, **fields})


async def test_pod_gets_overhead_and_scheduling_of_its_class() -> None:
    """Of two tolerations the wider one stays."""
    async with admission() as parts:
        scheduling = {"nodeSelector": {"rc": "heavy"}, "tolerations": [{"key": "rc", "operator": "Exists"}]}
        runtime_class(parts, overhead=OVERHEAD, scheduling=scheduling)
        narrow = {"key": "rc", "operator": "Equal", "value": "v", "effect": "NoSchedule"}
        made = await mutated(parts, pod(runtimeClassName="heavy", nodeSelector={"x": "y"}, tolerations=[narrow]))
        assert made["spec"]["overhead"] == OVERHEAD["podFixed"]
        assert made["spec"]["nodeSelector"] == {"x": "y", "rc": "heavy"}
        assert made["spec"]["tolerations"] == [*TOLERATED, {"key": "rc", "operator": "Exists"}]
        assert await refusal(parts, made, phase="validate") == ""


async def test_pod_against_its_class_returns_403() -> None:
    """Another overhead, a node selector that conflicts, an overhead without a class; amounts are compared by value."""
    async with admission() as parts:
        account(parts)
        runtime_class(parts, overhead=OVERHEAD, scheduling={"nodeSelector": {"rc": "heavy"}})
        same = pod(runtimeClassName="heavy", overhead={"cpu": "0.1", "memory": "67108864"})
        assert await refusal(parts, same) == ""
        other = pod(runtimeClassName="heavy", overhead={"cpu": "1"})
        assert await refusal(parts, other) == MISMATCH
        assert await refusal(parts, pod(runtimeClassName="heavy"), phase="validate") == MISMATCH
        elsewhere = pod(runtimeClassName="heavy", nodeSelector={"rc": "light"})
        conflict = "conflict: runtimeClass.scheduling.nodeSelector[rc] = heavy; pod.spec.nodeSelector[rc] = light"
        assert await refusal(parts, elsewhere) == conflict
        without = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        assert await refusal(parts, pod(overhead={"cpu": "1"}), phase="validate") == without
