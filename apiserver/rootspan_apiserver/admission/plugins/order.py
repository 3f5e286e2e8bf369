"""All admission plugins of kube-apiserver in the order in which they run. A new plugin is a file in this package and its row here.

Upstream: pkg/kubeapiserver/options/plugins.go, staging/src/k8s.io/apiserver/pkg/server/options/admission.go
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from rootspan_apiserver.admission.chain import AdmissionChain, AdmissionPlugin
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.certificate_approval import CertificateApproval
from rootspan_apiserver.admission.plugins.certificate_signing import CertificateSigning
from rootspan_apiserver.admission.plugins.certificate_subject_restriction import CertificateSubjectRestriction
from rootspan_apiserver.admission.plugins.default_ingress_class import DefaultIngressClass
from rootspan_apiserver.admission.plugins.default_storage_class import DefaultStorageClass
from rootspan_apiserver.admission.plugins.default_toleration_seconds import DefaultTolerationSeconds
from rootspan_apiserver.admission.plugins.limit_ranger import LimitRanger
from rootspan_apiserver.admission.plugins.mutating_webhook import MutatingAdmissionWebhook
from rootspan_apiserver.admission.plugins.namespace_lifecycle import NamespaceLifecycle
from rootspan_apiserver.admission.plugins.persistent_volume_claim_resize import PersistentVolumeClaimResize
from rootspan_apiserver.admission.plugins.priority import Priority
from rootspan_apiserver.admission.plugins.service_account import ServiceAccount
from rootspan_apiserver.admission.plugins.storage_object_in_use_protection import StorageObjectInUseProtection
from rootspan_apiserver.admission.plugins.validating_webhook import ValidatingAdmissionWebhook
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics

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
    PluginRow("AlwaysAdmit", OFF),
    PluginRow("NamespaceAutoProvision", OFF),
    PluginRow("NamespaceLifecycle", ON, lambda init: NamespaceLifecycle(init.namespaces)),
    PluginRow("NamespaceExists", OFF),
    PluginRow("LimitPodHardAntiAffinityTopology", OFF),
    PluginRow("LimitRanger", ON, lambda init: LimitRanger(init.cache, init.resource("", "v1", "limitranges"))),
    PluginRow(
        "ServiceAccount",
        ON,
        lambda init: ServiceAccount(init.cache, init.resource("", "v1", "serviceaccounts"), init.loopback),
    ),
    PluginRow("NodeRestriction", OFF),
    PluginRow("TaintNodesByCondition", ON),
    PluginRow("AlwaysPullImages", OFF),
    PluginRow("ImagePolicyWebhook", OFF),
    PluginRow("PodSecurity", ON),
    PluginRow("PodNodeSelector", OFF),
    PluginRow(
        "Priority",
        ON,
        lambda init: Priority(init.cache, init.resource("scheduling.k8s.io", "v1", "priorityclasses")),
    ),
    PluginRow("DefaultTolerationSeconds", ON, lambda init: DefaultTolerationSeconds()),
    PluginRow("PodTolerationRestriction", OFF),
    PluginRow("EventRateLimit", OFF),
    PluginRow("ExtendedResourceToleration", OFF),
    PluginRow(
        "DefaultStorageClass",
        ON,
        lambda init: DefaultStorageClass(init.cache, init.resource("storage.k8s.io", "v1", "storageclasses")),
    ),
    PluginRow("StorageObjectInUseProtection", ON, lambda init: StorageObjectInUseProtection()),
    PluginRow("OwnerReferencesPermissionEnforcement", OFF),
    PluginRow(
        "PersistentVolumeClaimResize",
        ON,
        lambda init: PersistentVolumeClaimResize(init.cache, init.resource("storage.k8s.io", "v1", "storageclasses")),
    ),
    PluginRow("RuntimeClass", ON),
    PluginRow("CertificateApproval", ON, lambda init: CertificateApproval(init.authorizer)),
    PluginRow("CertificateSigning", ON, lambda init: CertificateSigning(init.authorizer)),
    PluginRow("ClusterTrustBundleAttest", ON, gate="ClusterTrustBundle"),
    PluginRow("CertificateSubjectRestriction", ON, lambda init: CertificateSubjectRestriction()),
    PluginRow(
        "DefaultIngressClass",
        ON,
        lambda init: DefaultIngressClass(init.cache, init.resource("networking.k8s.io", "v1", "ingressclasses")),
    ),
    PluginRow("DenyServiceExternalIPs", OFF),
    PluginRow("PodTopologyLabels", ON),
    PluginRow("NodeDeclaredFeatureValidator", ON),
    PluginRow("MutatingAdmissionPolicy", ON),
    PluginRow(
        "MutatingAdmissionWebhook",
        ON,
        lambda init: MutatingAdmissionWebhook(init.webhook_dispatcher("mutating")),
    ),
    PluginRow("ValidatingAdmissionPolicy", ON),
    PluginRow(
        "ValidatingAdmissionWebhook",
        ON,
        lambda init: ValidatingAdmissionWebhook(init.webhook_dispatcher("validating")),
    ),
    PluginRow("ResourceQuota", ON),
    PluginRow("AlwaysDeny", OFF),
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
