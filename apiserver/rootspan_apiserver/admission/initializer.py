"""The parts of the server that admission plugins are constructed from.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/initializer/initializer.go
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from opentelemetry.trace import TracerProvider

from rootspan_apiserver.admission.configuration import AdmissionConfiguration
from rootspan_apiserver.admission.equivalent_resources import EquivalentResources
from rootspan_apiserver.admission.expressions.worker import ExpressionWorker
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy
from rootspan_apiserver.admission.policies.params import ParamCollector
from rootspan_apiserver.admission.policies.policy_evaluation import PolicyEvaluation
from rootspan_apiserver.admission.policies.policy_matcher import PolicyMatcher
from rootspan_apiserver.admission.policies.policy_source import PolicySource
from rootspan_apiserver.admission.webhooks.dispatcher import WebhookDispatcher
from rootspan_apiserver.admission.webhooks.matcher import WebhookMatcher
from rootspan_apiserver.admission.webhooks.webhook_source import WebhookSource
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.clients.webhook_clients import WebhookClients
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

E = TypeVar("E")
_REGISTRATION = "admissionregistration.k8s.io"


class PluginInitializer:
    """Gives the rows of the plugin table what their constructors need.

    `service_addresses` maps (namespace, name) of a Service to the (host, port) where it can be reached; `configuration` is that of the
    plugins; `toleration_seconds` are those of pods for nodes that are not ready and that are unreachable.
    """

    def __init__(
        self,
        *,
        cache: ObjectCache,
        registry: Registry,
        authorizer: Authorizer,
        loopback: LoopbackClient,
        tracing: Tracing,
        tracer_provider: TracerProvider,
        service_addresses: Mapping[tuple[str, str], tuple[str, int]],
        configuration: AdmissionConfiguration | None = None,
        toleration_seconds: tuple[int, int] = (300, 300),
        metrics: AdmissionMetrics | None = None,
    ) -> None:
        self.metrics = metrics or AdmissionMetrics()
        self.cache = cache
        self.authorizer = authorizer
        self.loopback = loopback
        self.configuration = configuration or AdmissionConfiguration()
        self.toleration_seconds = toleration_seconds
        self.registry = registry
        self._tracing = tracing
        self._tracer_provider = tracer_provider
        self.namespaces = NamespaceGetter(cache, self.resource("", "v1", "namespaces"), loopback)
        self._equivalents = EquivalentResources(registry)
        self._worker = ExpressionWorker()
        self._services = ServiceResolver(service_addresses, loopback)

    def resource(self, group: str, version: str, plural: str) -> Resource:
        """Return a built-in resource.

        Raises:
            LookupError: there is no such resource.
        """
        return self.registry.builtin(plural, group, version)

    def lookup(self, group: str, version: str, plural: str) -> ObjectLookup:
        """Return a reader of the objects of a built-in resource. Raises LookupError."""
        return ObjectLookup(self.cache, self.resource(group, version, plural), self.loopback)

    def webhook_dispatcher(self, kind: str) -> WebhookDispatcher:
        """Return a dispatcher of the `mutating` or `validating` webhooks, with HTTP clients of its own."""
        configurations = self.resource(_REGISTRATION, "v1", f"{kind}webhookconfigurations")
        return WebhookDispatcher(
            kind=kind,
            source=WebhookSource(self.cache, configurations),
            matcher=WebhookMatcher(
                {"mutating": "admit", "validating": "validate"}[kind],
                namespaces=self.namespaces,
                equivalents=self._equivalents,
                authorizer=self.authorizer,
                metrics=self.metrics.match_conditions,
                worker=self._worker,
            ),
            clients=WebhookClients(self._services, self._tracer_provider),
            tracing=self._tracing,
            metrics=self.metrics.webhooks,
        )

    def policy_source(self, kind: str, compile_policy: Callable[[AdmissionPolicy], E]) -> PolicySource[E]:
        """Return the `mutating` or `validating` policies."""
        policies = self.resource(_REGISTRATION, "v1", f"{kind}admissionpolicies")
        bindings = self.resource(_REGISTRATION, "v1", f"{kind}admissionpolicybindings")
        return PolicySource(self.cache, policies, bindings, compile_policy)

    def policy_evaluation(self) -> PolicyEvaluation:
        """Return what policies are evaluated with."""
        matcher = PolicyMatcher(self.namespaces, self._equivalents)
        params = ParamCollector(self.cache, self.registry)
        return PolicyEvaluation(matcher, params, self.authorizer, self.metrics, self._worker)
