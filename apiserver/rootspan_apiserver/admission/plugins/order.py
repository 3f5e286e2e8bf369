"""All admission plugins of kube-apiserver in the order in which they run. A new plugin is a file in this package and its row here.

Upstream: pkg/kubeapiserver/options/plugins.go, staging/src/k8s.io/apiserver/pkg/server/options/admission.go
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from rootspan_apiserver.admission.chain import AdmissionChain, AdmissionPlugin
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.always_admit import AlwaysAdmit
from rootspan_apiserver.admission.plugins.always_deny import AlwaysDenyAdmission
from rootspan_apiserver.admission.plugins.always_pull_images import AlwaysPullImages
from rootspan_apiserver.admission.plugins.certificate_approval import CertificateApproval
from rootspan_apiserver.admission.plugins.certificate_signing import CertificateSigning
from rootspan_apiserver.admission.plugins.certificate_subject_restriction import CertificateSubjectRestriction
from rootspan_apiserver.admission.plugins.default_ingress_class import DefaultIngressClass
from rootspan_apiserver.admission.plugins.default_storage_class import DefaultStorageClass
from rootspan_apiserver.admission.plugins.default_toleration_seconds import DefaultTolerationSeconds
from rootspan_apiserver.admission.plugins.deny_service_external_ips import DenyServiceExternalIPs
from rootspan_apiserver.admission.plugins.event_rate_limit import EventRateLimit
from rootspan_apiserver.admission.plugins.extended_resource_toleration import ExtendedResourceToleration
from rootspan_apiserver.admission.plugins.limit_pod_hard_anti_affinity_topology import LimitPodHardAntiAffinityTopology
from rootspan_apiserver.admission.plugins.limit_ranger import LimitRanger
from rootspan_apiserver.admission.plugins.mutating_admission_policy import MutatingAdmissionPolicy
from rootspan_apiserver.admission.plugins.mutating_webhook import MutatingAdmissionWebhook
from rootspan_apiserver.admission.plugins.namespace_auto_provision import NamespaceAutoProvision
from rootspan_apiserver.admission.plugins.namespace_exists import NamespaceExists
from rootspan_apiserver.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from rootspan_apiserver.admission.plugins.node_declared_feature_validator import NodeDeclaredFeatureValidator
from rootspan_apiserver.admission.plugins.node_restriction.plugin import NodeRestriction
from rootspan_apiserver.admission.plugins.node_restriction.restricted_pods import RestrictedPods
from rootspan_apiserver.admission.plugins.node_restriction.restricted_tokens import RestrictedTokens
from rootspan_apiserver.admission.plugins.owner_references_permission_enforcement import (
    OwnerReferencesPermissionEnforcement,
)
from rootspan_apiserver.admission.plugins.persistent_volume_claim_resize import PersistentVolumeClaimResize
from rootspan_apiserver.admission.plugins.pod_node_selector import PodNodeSelector
from rootspan_apiserver.admission.plugins.pod_resize_validator import PodResizeValidator
from rootspan_apiserver.admission.plugins.pod_security.plugin import PodSecurity
from rootspan_apiserver.admission.plugins.pod_security.pod_security_configuration import PodSecurityConfiguration
from rootspan_apiserver.admission.plugins.pod_toleration_restriction import PodTolerationRestriction
from rootspan_apiserver.admission.plugins.pod_topology_labels import PodTopologyLabels
from rootspan_apiserver.admission.plugins.priority import Priority
from rootspan_apiserver.admission.plugins.resource_quota import ResourceQuota
from rootspan_apiserver.admission.plugins.runtime_class import RuntimeClass
from rootspan_apiserver.admission.plugins.service_account import ServiceAccount
from rootspan_apiserver.admission.plugins.storage_object_in_use_protection import StorageObjectInUseProtection
from rootspan_apiserver.admission.plugins.taint_nodes_by_condition import TaintNodesByCondition
from rootspan_apiserver.admission.plugins.validating_admission_policy import ValidatingAdmissionPolicy
from rootspan_apiserver.admission.plugins.validating_webhook import ValidatingAdmissionWebhook
from rootspan_apiserver.admission.policies.mutator import Mutator
from rootspan_apiserver.admission.policies.validator import Validator
from rootspan_apiserver.admission.quota.evaluators import Evaluators
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics


def _restricted_pods(init: PluginInitializer) -> RestrictedPods:
    return RestrictedPods(init.lookup("", "v1", "pods"), init.lookup("", "v1", "nodes"))


def _restricted_tokens(init: PluginInitializer) -> RestrictedTokens:
    return RestrictedTokens(
        pods=init.lookup("", "v1", "pods"),
        claims=init.lookup("", "v1", "persistentvolumeclaims"),
        volumes=init.lookup("", "v1", "persistentvolumes"),
        drivers=init.lookup("storage.k8s.io", "v1", "csidrivers"),
        authorizer=init.authorizer,
    )


ON, OFF = True, False
"""Whether a plugin is enabled without --enable-admission-plugins."""


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin by its name in the flags. Without `build` it is not implemented, unless the feature `gate` that it serves is off in v1.36:
    then it has nothing to do.
    """

    name: str
    default: bool
    build: Callable[[PluginInitializer], AdmissionPlugin] | None = None
    gate: str = ""


ORDER = (
    PluginRow("AlwaysAdmit", OFF, lambda init: AlwaysAdmit()),
    PluginRow(
        "NamespaceAutoProvision",
        OFF,
        lambda init: NamespaceAutoProvision(init.cache, init.resource("", "v1", "namespaces"), init.loopback),
    ),
    PluginRow("NamespaceLifecycle", ON, lambda init: NamespaceLifecycle(init.namespaces)),
    PluginRow("NamespaceExists", OFF, lambda init: NamespaceExists(init.namespaces)),
    PluginRow("LimitPodHardAntiAffinityTopology", OFF, lambda init: LimitPodHardAntiAffinityTopology()),
    PluginRow("LimitRanger", ON, lambda init: LimitRanger(init.cache, init.resource("", "v1", "limitranges"))),
    PluginRow(
        "ServiceAccount",
        ON,
        lambda init: ServiceAccount(init.cache, init.resource("", "v1", "serviceaccounts"), init.loopback),
    ),
    PluginRow("NodeRestriction", OFF, lambda init: NodeRestriction(_restricted_pods(init), _restricted_tokens(init))),
    PluginRow("TaintNodesByCondition", ON, lambda init: TaintNodesByCondition()),
    PluginRow("AlwaysPullImages", OFF, lambda init: AlwaysPullImages()),
    PluginRow("ImagePolicyWebhook", OFF),
    PluginRow(
        "PodSecurity",
        ON,
        lambda init: PodSecurity(
            init.namespaces,
            init.cache,
            init.resource("", "v1", "pods"),
            PodSecurityConfiguration.of(init.configuration.of("PodSecurity")),
            metrics=init.metrics.pod_security,
        ),
    ),
    PluginRow(
        "PodNodeSelector",
        OFF,
        lambda init: PodNodeSelector(
            init.namespaces, init.configuration.of("PodNodeSelector").get("podNodeSelectorPluginConfig", {})
        ),
    ),
    PluginRow(
        "Priority",
        ON,
        lambda init: Priority(init.cache, init.resource("scheduling.k8s.io", "v1", "priorityclasses")),
    ),
    PluginRow("DefaultTolerationSeconds", ON, lambda init: DefaultTolerationSeconds(init.toleration_seconds)),
    PluginRow(
        "PodTolerationRestriction",
        OFF,
        lambda init: PodTolerationRestriction(init.namespaces, init.configuration.of("PodTolerationRestriction")),
    ),
    PluginRow(
        "EventRateLimit", OFF, lambda init: EventRateLimit(init.configuration.of("EventRateLimit").get("limits") or ())
    ),
    PluginRow("ExtendedResourceToleration", OFF, lambda init: ExtendedResourceToleration()),
    PluginRow(
        "DefaultStorageClass",
        ON,
        lambda init: DefaultStorageClass(init.cache, init.resource("storage.k8s.io", "v1", "storageclasses")),
    ),
    PluginRow("StorageObjectInUseProtection", ON, lambda init: StorageObjectInUseProtection()),
    PluginRow("PodGroupProtection", ON, gate="GenericWorkload"),
    PluginRow(
        "OwnerReferencesPermissionEnforcement",
        OFF,
        lambda init: OwnerReferencesPermissionEnforcement(init.authorizer, init.registry),
    ),
    PluginRow(
        "PersistentVolumeClaimResize",
        ON,
        lambda init: PersistentVolumeClaimResize(init.cache, init.resource("storage.k8s.io", "v1", "storageclasses")),
    ),
    PluginRow("RuntimeClass", ON, lambda init: RuntimeClass(init.lookup("node.k8s.io", "v1", "runtimeclasses"))),
    PluginRow("CertificateApproval", ON, lambda init: CertificateApproval(init.authorizer)),
    PluginRow("CertificateSigning", ON, lambda init: CertificateSigning(init.authorizer)),
    PluginRow("ClusterTrustBundleAttest", ON, gate="ClusterTrustBundle"),
    PluginRow("CertificateSubjectRestriction", ON, lambda init: CertificateSubjectRestriction()),
    PluginRow(
        "DefaultIngressClass",
        ON,
        lambda init: DefaultIngressClass(init.cache, init.resource("networking.k8s.io", "v1", "ingressclasses")),
    ),
    PluginRow("DenyServiceExternalIPs", OFF, lambda init: DenyServiceExternalIPs()),
    PluginRow("PodTopologyLabels", ON, lambda init: PodTopologyLabels(init.lookup("", "v1", "nodes"))),
    PluginRow("PodGroupWorkloadExists", ON, gate="GenericWorkload"),
    PluginRow(
        "NodeDeclaredFeatureValidator", ON, lambda init: NodeDeclaredFeatureValidator(init.lookup("", "v1", "nodes"))
    ),
    PluginRow("JobValidation", ON, gate="WorkloadWithJob"),
    PluginRow("PodResizeValidator", ON, lambda init: PodResizeValidator(init.lookup("", "v1", "nodes"))),
    PluginRow(
        "MutatingAdmissionPolicy",
        ON,
        lambda init: MutatingAdmissionPolicy(init.policy_source("mutating", Mutator), init.policy_evaluation()),
    ),
    PluginRow(
        "MutatingAdmissionWebhook",
        ON,
        lambda init: MutatingAdmissionWebhook(init.webhook_dispatcher("mutating")),
    ),
    PluginRow(
        "ValidatingAdmissionPolicy",
        ON,
        lambda init: ValidatingAdmissionPolicy(init.policy_source("validating", Validator), init.policy_evaluation()),
    ),
    PluginRow(
        "ValidatingAdmissionWebhook",
        ON,
        lambda init: ValidatingAdmissionWebhook(init.webhook_dispatcher("validating")),
    ),
    PluginRow(
        "ResourceQuota",
        ON,
        lambda init: ResourceQuota(
            init.cache, init.resource("", "v1", "resourcequotas"), Evaluators(init.cache, init.registry), init.loopback
        ),
    ),
    PluginRow("AlwaysDeny", OFF, lambda init: AlwaysDenyAdmission()),
)

NOT_IMPLEMENTED = frozenset(row.name for row in ORDER if row.build is None and not row.gate)
"""Disabling one of these has no effect; enabling one is an error."""


def plugin_faults(enable: Collection[str], disable: Collection[str]) -> Iterator[str]:
    """Yield an error for each wrong name in --enable-admission-plugins and --disable-admission-plugins."""
    known = {row.name for row in ORDER}
    for flag, names in (("enable", enable), ("disable", disable)):
        for name in names:
            if name not in known:
                yield f'{flag}-admission-plugins plugin "{name}" is unknown'
            elif flag == "enable" and name in NOT_IMPLEMENTED:
                yield f'enable-admission-plugins plugin "{name}" is not implemented'


def admission_chain(
    initializer: PluginInitializer,
    *,
    enable: Collection[str] = (),
    disable: Collection[str] = (),
    metrics: AdmissionMetrics | None = None,
) -> AdmissionChain:
    """Construct the plugins that are on by default or in `enable`, and not in `disable`. The names have been checked."""
    plugins = (
        row.build(initializer)
        for row in ORDER
        if row.build is not None and (row.default or row.name in enable) and row.name not in disable
    )
    return AdmissionChain(plugins, metrics)
