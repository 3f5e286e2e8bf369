"""The webhooks of all configuration objects, parsed again when one of them changes.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/configuration/mutating_webhook_manager.go, validating_webhook_manager.go
"""

from collections.abc import Sequence

from rootspan_apiserver.admission.webhooks.accessors import Webhook, webhooks
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache


class WebhookSource:
    """The webhooks of all objects of `resource`, ordered by the name of their configuration."""

    def __init__(self, cache: ObjectCache, resource: Resource) -> None:
        self._cache = cache
        self._resource = resource
        self._state: list[tuple[str, int]] = []
        self._webhooks: Sequence[Webhook] = ()

    async def current(self) -> Sequence[Webhook]:
        """Return the webhooks; the same object as before if no configuration has changed."""
        stored = await self._cache.cached(self._resource)
        if not stored and not self._state:
            return ()
        state = sorted((each.key, each.revision) for each in stored)
        if state != self._state:
            configurations = sorted((each.decode() for each in stored), key=lambda each: str(each["metadata"]["name"]))
            self._webhooks = tuple(hook for configuration in configurations for hook in webhooks(configuration))
            self._state = state
        return self._webhooks
