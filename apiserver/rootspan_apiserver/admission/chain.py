"""The admission chain: the mutating phase of all plugins in order, then the validating phase.

A plugin takes part in one phase or in both. If a mutating webhook with reinvocationPolicy IfNeeded was followed by a change, the mutating
phase is repeated once.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/chain.go, reinvocation.go
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.policies.reinvocation import PolicyReinvocation
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics


@dataclass(slots=True)
class ReinvocationContext:
    """State of the mutating phase that its repetition needs.

    `requested` is set when an object changes after a webhook that wants to see such changes was called; `is_reinvocation` during the
    repetition. `reinvocable` are the uids of webhooks that may be called again, `required` those that have to be called again;
    `output` is the object after the last mutating webhook; `policies` is the state of the mutating policies.
    """

    requested: bool = False
    is_reinvocation: bool = False
    reinvocable: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    output: JSONObject | None = None
    policies: PolicyReinvocation = field(default_factory=PolicyReinvocation)

    def require_reinvocation(self) -> None:
        """Call every reinvocable webhook again: the object has changed since."""
        self.required |= self.reinvocable
        self.reinvocable.clear()
        self.requested = True


@runtime_checkable
class MutationInterface(Protocol):
    """A plugin of the mutating phase."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Return the object to continue with; the one in `attributes` may be changed in place and returned.

        Raises:
            StatusError: the plugin rejects the request.
        """
        ...


@runtime_checkable
class ValidationInterface(Protocol):
    """A plugin of the validating phase."""

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the object as it will be stored.

        Raises:
            StatusError: the plugin rejects the request.
        """
        ...


@runtime_checkable
class ClosablePlugin(Protocol):
    """A plugin that holds connections."""

    async def aclose(self) -> None:
        """Close the connections."""
        ...


AdmissionPlugin = MutationInterface | ValidationInterface


class AdmissionChain:
    """The chain of `plugins`, in the order given."""

    def __init__(self, plugins: Iterable[AdmissionPlugin], metrics: AdmissionMetrics | None = None) -> None:
        self._plugins = tuple(plugins)
        self._metrics = metrics or AdmissionMetrics()
        self._mutating = [plugin for plugin in self._plugins if isinstance(plugin, MutationInterface)]
        self._validating = [plugin for plugin in self._plugins if isinstance(plugin, ValidationInterface)]

    async def mutate(self, attributes: AdmissionAttributes) -> JSONObject | None:
        """Return the object to continue with (None on DELETE). The object in `attributes` may be changed in place.

        Raises:
            StatusError: a plugin rejects the request.
        """
        reinvocation = ReinvocationContext()
        with self._metrics.step("admit", attributes.operation):
            obj = await self._run(attributes, reinvocation)
            if reinvocation.requested:
                reinvocation.is_reinvocation = True
                obj = await self._run(replace(attributes, object=obj), reinvocation)
            return obj

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Run the validating phase.

        Raises:
            StatusError: a plugin rejects the request.
        """
        metrics, operation = self._metrics, attributes.operation
        with metrics.step("validate", operation):
            for plugin in self._validating:
                with metrics.plugin(type(plugin).__name__, "validate", operation):
                    await plugin.validate(attributes)

    async def _run(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        obj = attributes.object
        for plugin in self._mutating:
            with self._metrics.plugin(type(plugin).__name__, "admit", attributes.operation):
                obj = await plugin.mutate(attributes, reinvocation)
            if obj is not attributes.object:
                attributes = replace(attributes, object=obj)
        return obj

    async def aclose(self) -> None:
        """Close the connections of all plugins."""
        for plugin in self._plugins:
            if isinstance(plugin, ClosablePlugin):
                await plugin.aclose()
