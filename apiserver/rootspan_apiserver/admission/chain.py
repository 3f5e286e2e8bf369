"""The admission chain: plugins that may change an object, in order, then those that may only refuse it.

A plugin mutates, validates, or both. When a mutating webhook asks to see the object again after others have changed it, the whole
mutating half is run a second time, and never a third.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.kube.meta import JSONObject


@dataclass(slots=True)
class Reinvocation:
    """What one run of the mutating half tells the next: upstream's `ReinvocationContext`.

    `wanted` is set when the object was changed after a webhook that wants to see such changes was called; `repeated` says that this is the
    second run. `called` are the webhooks that may be called again, `again` those that have to be; `output` is the object as the
    webhooks left it.
    """

    wanted: bool = False
    repeated: bool = False
    called: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    output: JSONObject | None = None

    def changed(self) -> None:
        """A webhook changed the object: whoever saw it before sees it again."""
        self.again |= self.called
        self.called.clear()
        self.wanted = True


class Plugin(Protocol):
    @property
    def name(self) -> str: ...


@runtime_checkable
class Closable(Protocol):
    async def aclose(self) -> None: ...


@runtime_checkable
class MutatingPlugin(Plugin, Protocol):
    async def mutate(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        """The object as it shall be; the one in `attributes` may be changed and returned. Raises StatusError to refuse."""
        ...


@runtime_checkable
class ValidatingPlugin(Plugin, Protocol):
    async def validate(self, attributes: Attributes) -> None:
        """Raises StatusError to refuse."""
        ...


class Admission:
    """The chain of `plugins`, in the order given."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self._mutating = [plugin for plugin in self._plugins if isinstance(plugin, MutatingPlugin)]
        self._validating = [plugin for plugin in self._plugins if isinstance(plugin, ValidatingPlugin)]

    async def mutate(self, attributes: Attributes) -> JSONObject | None:
        """The object to go on with (None on DELETE without one). The object in `attributes` may be changed in place.

        Raises:
            StatusError: a plugin refuses.
        """
        reinvocation = Reinvocation()
        obj = await self._run(attributes, reinvocation)
        if reinvocation.wanted:
            reinvocation.repeated = True
            obj = await self._run(replace(attributes, object=obj), reinvocation)
        return obj

    async def validate(self, attributes: Attributes) -> None:
        """Raises StatusError if a plugin refuses."""
        for plugin in self._validating:
            await plugin.validate(attributes)

    async def _run(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        obj = attributes.object
        for plugin in self._mutating:
            obj = await plugin.mutate(attributes, reinvocation)
            if obj is not attributes.object:
                attributes = replace(attributes, object=obj)
        return obj

    async def aclose(self) -> None:
        """Close what the plugins hold open."""
        for plugin in self._plugins:
            if isinstance(plugin, Closable):
                await plugin.aclose()
