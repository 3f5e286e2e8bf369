"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.resources.kinds import (
    batch,
    cluster,
    configuration,
    definitions,
    events,
    networking,
    quotas,
    services,
    storage_classes,
    workloads,
)
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

STRATEGIES: dict[tuple[str, str], type[BuiltinStrategy]] = {
    ("", "Endpoints"): networking.EndpointsStrategy,
    ("", "Event"): events.EventStrategy,
    ("", "LimitRange"): quotas.LimitRangeStrategy,
    ("", "Namespace"): cluster.NamespaceStrategy,
    ("", "Node"): cluster.NodeStrategy,
    ("", "PersistentVolume"): cluster.PersistentVolumeStrategy,
    ("", "PersistentVolumeClaim"): cluster.PersistentVolumeClaimStrategy,
    ("", "ReplicationController"): workloads.ReplicationControllerStrategy,
    ("", "ResourceQuota"): quotas.ResourceQuotaStrategy,
    ("", "Secret"): configuration.SecretStrategy,
    ("", "Service"): services.ServiceStrategy,
    ("apps", "ControllerRevision"): workloads.ControllerRevisionStrategy,
    ("apps", "DaemonSet"): workloads.DaemonSetStrategy,
    ("apps", "Deployment"): workloads.DeploymentStrategy,
    ("apps", "ReplicaSet"): workloads.WorkloadStrategy,
    ("apps", "StatefulSet"): workloads.StatefulSetStrategy,
    ("batch", "CronJob"): batch.CronJobStrategy,
    ("batch", "Job"): batch.JobStrategy,
    ("discovery.k8s.io", "EndpointSlice"): networking.EndpointSliceStrategy,
    ("networking.k8s.io", "Ingress"): networking.IngressStrategy,
    ("networking.k8s.io", "IngressClass"): networking.IngressClassStrategy,
    ("networking.k8s.io", "NetworkPolicy"): networking.NetworkPolicyStrategy,
    ("storage.k8s.io", "CSIDriver"): storage_classes.CSIDriverStrategy,
    ("storage.k8s.io", "StorageClass"): storage_classes.StorageClassStrategy,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.CustomResourceDefinitionStrategy,
}


def strategy_of(group: str, kind: str) -> type[BuiltinStrategy]:
    """The strategy's class for a built-in kind."""
    return STRATEGIES.get((group, kind), BuiltinStrategy)
