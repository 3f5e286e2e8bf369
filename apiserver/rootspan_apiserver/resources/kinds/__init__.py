"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.resources.kinds import (
    batch,
    cluster,
    definitions,
    services,
    workloads,
)
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

STRATEGIES: dict[tuple[str, str], type[BuiltinStrategy]] = {
    ("", "PersistentVolume"): cluster.PersistentVolumeStrategy,
    ("", "PersistentVolumeClaim"): cluster.PersistentVolumeClaimStrategy,
    ("", "ReplicationController"): workloads.ReplicationControllerStrategy,
    ("", "Service"): services.ServiceStrategy,
    ("apps", "ControllerRevision"): workloads.ControllerRevisionStrategy,
    ("apps", "DaemonSet"): workloads.DaemonSetStrategy,
    ("apps", "Deployment"): workloads.DeploymentStrategy,
    ("apps", "ReplicaSet"): workloads.WorkloadStrategy,
    ("apps", "StatefulSet"): workloads.StatefulSetStrategy,
    ("batch", "CronJob"): batch.CronJobStrategy,
    ("batch", "Job"): batch.JobStrategy,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.CustomResourceDefinitionStrategy,
}


def strategy_of(group: str, kind: str) -> type[BuiltinStrategy]:
    """The strategy's class for a built-in kind."""
    return STRATEGIES.get((group, kind), BuiltinStrategy)
