"""Namespaces for admission: from the watch cache, or from the server itself if the cache does not have one.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/namespace/matcher.go
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.object_lookup import ObjectLookup, ObjectReader
from rootspan_apiserver.kube.status import StatusError, internal_error
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache


class NamespaceGetter:
    """Reads namespaces; `resource` is that of namespaces."""

    def __init__(self, cache: ObjectCache, resource: Resource, loopback: ObjectReader) -> None:
        self._namespaces = ObjectLookup(cache, resource, loopback)

    async def get(self, name: str) -> Mapping[str, Any]:
        """Return a namespace.

        Raises:
            StatusError: 404, it does not exist; 500, it could not be read.
        """
        cached = await self._namespaces.cached("", name)
        if cached is not None:
            return cached
        try:
            return await self._namespaces.live("", name)
        except StatusError as exc:
            if exc.code == 404:
                raise
            raise internal_error(exc.message) from exc
