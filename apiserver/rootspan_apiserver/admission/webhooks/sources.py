"""The webhooks in force: those of the configuration objects in the store, read again when one changes."""

from collections.abc import Sequence

from rootspan_apiserver.admission.namespaces import Cache
from rootspan_apiserver.admission.webhooks.configuration import Webhook, webhooks
from rootspan_apiserver.resources.resource import Resource


class Source:
    """The webhooks of all objects of `resource`, ordered by the name of their configuration."""

    def __init__(self, cache: Cache, resource: Resource) -> None:
        self._cache = cache
        self._resource = resource
        self._state: list[tuple[str, int]] = []
        self._webhooks: Sequence[Webhook] = ()

    async def current(self) -> Sequence[Webhook]:
        stored = await self._cache.cached(self._resource)
        if not stored and not self._state:
            return ()
        state = sorted((each.key, each.revision) for each in stored)
        if state != self._state:
            configurations = sorted((each.decode() for each in stored), key=lambda each: str(each["metadata"]["name"]))
            self._webhooks = tuple(hook for configuration in configurations for hook in webhooks(configuration))
            self._state = state
        return self._webhooks
