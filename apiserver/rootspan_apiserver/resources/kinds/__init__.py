"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.resources.kinds import (
    admission,
    batch,
    certificates,
    cluster,
    definitions,
    policies,
    workloads,
)
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

ADMISSION = "admissionregistration.k8s.io"
FLOW = "flowcontrol.apiserver.k8s.io"

STRATEGIES: dict[tuple[str, str], type[BuiltinStrategy]] = {
    ("", "ReplicationController"): workloads.ReplicationControllerStrategy,
    ("apps", "ControllerRevision"): workloads.ControllerRevisionStrategy,
    ("apps", "DaemonSet"): workloads.DaemonSetStrategy,
    ("apps", "Deployment"): workloads.DeploymentStrategy,
    ("apps", "ReplicaSet"): workloads.WorkloadStrategy,
    ("apps", "StatefulSet"): workloads.StatefulSetStrategy,
    ("batch", "CronJob"): batch.CronJobStrategy,
    ("batch", "Job"): batch.JobStrategy,
    ("certificates.k8s.io", "CertificateSigningRequest"): certificates.CertificateSigningRequestStrategy,
    ("scheduling.k8s.io", "PriorityClass"): cluster.PriorityClassStrategy,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.CustomResourceDefinitionStrategy,
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
