"""Serve what other processes of the server have been asked to serve: custom resources, and the APIs of other servers.

A client to whom one process says that its CustomResourceDefinition is established may send the next request to another one.
"""

import logging

from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage

logger = logging.getLogger(__name__)


class CurrentDefinitions:
    """Passes a request on once the watch cache shows all definitions that a client can know of."""

    def __init__(self, app: ASGIApp, storage: Storage, registry: Registry) -> None:
        self._app = app
        self._storage = storage
        self._resources = (
            registry.builtin("customresourcedefinitions", "apiextensions.k8s.io"),
            registry.builtin("apiservices", "apiregistration.k8s.io"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for resource in self._resources:
            if not self._storage.is_caught_up(resource):
                await self._catch_up(resource)
        await self._app(scope, receive, send)

    async def _catch_up(self, resource: Resource) -> None:
        """Wait for a moment; a server whose store is away still answers."""
        try:
            await self._storage.catch_up(resource)
        except StatusError as exc:
            logger.warning("the definitions of %s may not be current: %s", resource.plural, exc.message)
