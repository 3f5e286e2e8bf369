"""The plugins the server has, in kube-apiserver's order, and how its flags switch them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from opentelemetry.trace import TracerProvider

from rootspan_apiserver.admission.chain import Admission, Plugin
from rootspan_apiserver.admission.equivalents import Equivalents
from rootspan_apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from rootspan_apiserver.admission.namespaces import Cache, Namespaces
from rootspan_apiserver.admission.priority import Priority
from rootspan_apiserver.admission.service_account import ServiceAccount
from rootspan_apiserver.admission.tolerations import DefaultTolerationSeconds
from rootspan_apiserver.admission.webhooks.client import WebhookClients
from rootspan_apiserver.admission.webhooks.dispatch import Dispatcher
from rootspan_apiserver.admission.webhooks.matching import Matcher
from rootspan_apiserver.admission.webhooks.mutating import MutatingWebhooks
from rootspan_apiserver.admission.webhooks.services import Services
from rootspan_apiserver.admission.webhooks.sources import Source
from rootspan_apiserver.admission.webhooks.validating import ValidatingWebhooks
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.telemetry.tracing import Tracing

NAMES = (
    NamespaceLifecycle.name,
    ServiceAccount.name,
    Priority.name,
    DefaultTolerationSeconds.name,
    MutatingWebhooks.name,
    ValidatingWebhooks.name,
)
"""The plugins there are; all are on unless switched off."""

NOT_IMPLEMENTED = frozenset(
    {
        "AlwaysAdmit",
        "AlwaysDeny",
        "AlwaysPullImages",
        "CertificateApproval",
        "CertificateSigning",
        "CertificateSubjectRestriction",
        "ClusterTrustBundleAttest",
        "DefaultIngressClass",
        "DefaultStorageClass",
        "DenyServiceExternalIPs",
        "EventRateLimit",
        "ExtendedResourceToleration",
        "ImagePolicyWebhook",
        "LimitPodHardAntiAffinityTopology",
        "LimitRanger",
        "MutatingAdmissionPolicy",
        "NamespaceAutoProvision",
        "NamespaceExists",
        "NodeDeclaredFeatureValidator",
        "NodeRestriction",
        "OwnerReferencesPermissionEnforcement",
        "PersistentVolumeClaimResize",
        "PodNodeSelector",
        "PodSecurity",
        "PodTolerationRestriction",
        "PodTopologyLabels",
        "ResourceQuota",
        "RuntimeClass",
        "StorageObjectInUseProtection",
        "TaintNodesByCondition",
        "ValidatingAdmissionPolicy",
    }
)
"""Plugins that kube-apiserver has besides. Switching one off changes nothing here; asking for one is refused."""


def plugin_faults(enable: Collection[str], disable: Collection[str]) -> Iterator[str]:
    """What is wrong with the names given to --enable-admission-plugins and --disable-admission-plugins, one text each."""
    known = NOT_IMPLEMENTED.union(NAMES)
    for flag, names in (("enable", enable), ("disable", disable)):
        for name in names:
            if name not in known:
                yield f'{flag}-admission-plugins plugin "{name}" is unknown'
            elif flag == "enable" and name in NOT_IMPLEMENTED:
                yield f'enable-admission-plugins plugin "{name}" is not implemented'


@dataclass(frozen=True, slots=True)
class AdmissionParts:
    """What the plugins work with. `service_addresses` maps (namespace, name) of a Service to (host, port)."""

    cache: Cache
    registry: Registry
    loopback: LoopbackClient
    tracing: Tracing
    tracer_provider: TracerProvider
    service_addresses: Mapping[tuple[str, str], tuple[str, int]]


def standard_admission(parts: AdmissionParts, *, disable: Collection[str] = ()) -> Admission:
    """The chain of all plugins but those in `disable`."""
    return Admission(plugin for plugin in _plugins(parts) if plugin.name not in disable)


def _plugins(parts: AdmissionParts) -> Iterator[Plugin]:
    registry, cache, loopback = parts.registry, parts.cache, parts.loopback
    namespaces = Namespaces(cache, _builtin(registry, "", "v1", "namespaces"), loopback)
    matcher = Matcher(namespaces, Equivalents(registry))
    services = Services(parts.service_addresses, loopback)

    def dispatcher(kind: str) -> Dispatcher:
        configurations = _builtin(registry, "admissionregistration.k8s.io", "v1", f"{kind}webhookconfigurations")
        clients = WebhookClients(services, parts.tracer_provider)
        return Dispatcher(kind, Source(cache, configurations), matcher, clients, parts.tracing)

    yield NamespaceLifecycle(namespaces)
    yield ServiceAccount(cache, _builtin(registry, "", "v1", "serviceaccounts"), loopback)
    yield Priority(cache, _builtin(registry, "scheduling.k8s.io", "v1", "priorityclasses"))
    yield DefaultTolerationSeconds()
    yield MutatingWebhooks(dispatcher("mutating"))
    yield ValidatingWebhooks(dispatcher("validating"))


def _builtin(registry: Registry, group: str, version: str, plural: str) -> Resource:
    found = registry.lookup(group, version, plural)
    if found is None:
        raise LookupError(f"{plural} of {group}/{version} are not in the registry")
    return found
