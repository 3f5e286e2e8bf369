"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.resources.kinds import (
    admission,
    batch,
    certificates,
    cluster,
    configuration,
    events,
    networking,
    policies,
    quotas,
    services,
    workloads,
)
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

ADMISSION = "admissionregistration.k8s.io"
FLOW = "flowcontrol.apiserver.k8s.io"

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
    ("certificates.k8s.io", "CertificateSigningRequest"): certificates.CertificateSigningRequestStrategy,
    ("discovery.k8s.io", "EndpointSlice"): networking.EndpointSliceStrategy,
    ("networking.k8s.io", "Ingress"): networking.IngressStrategy,
    ("networking.k8s.io", "IngressClass"): networking.IngressClassStrategy,
    ("networking.k8s.io", "NetworkPolicy"): networking.NetworkPolicyStrategy,
    ("scheduling.k8s.io", "PriorityClass"): cluster.PriorityClassStrategy,
    (FLOW, "FlowSchema"): policies.FlowSchemaStrategy,
    (FLOW, "PriorityLevelConfiguration"): policies.PriorityLevelConfigurationStrategy,
    (ADMISSION, "MutatingAdmissionPolicy"): admission.AdmissionPolicyStrategy,
    (ADMISSION, "MutatingAdmissionPolicyBinding"): admission.AdmissionPolicyBindingStrategy,
    (ADMISSION, "MutatingWebhookConfiguration"): admission.WebhookConfigurationStrategy,
    (ADMISSION, "ValidatingAdmissionPolicy"): admission.AdmissionPolicyStrategy,
    (ADMISSION, "ValidatingAdmissionPolicyBinding"): admission.AdmissionPolicyBindingStrategy,
    (ADMISSION, "ValidatingWebhookConfiguration"): admission.WebhookConfigurationStrategy,
}


def strategy_of(group: str, kind: str) -> type[BuiltinStrategy]:
    """The strategy's class for a built-in kind."""
    return STRATEGIES.get((group, kind), BuiltinStrategy)
