"""The objects that a service account's token names: it is as good as they are.

The account must be there, and be the one the token was made for; so must the pod, the secret or the node that the token is bound to. An
object that is being deleted counts for a minute longer. The watch cache is asked, once it shows what this process wrote: what was
deleted here is refused from the answer to its deletion on, without a request to etcd. What the cache does not have is looked for in etcd.

Upstream: pkg/serviceaccount/claims.go, pkg/controller/serviceaccount/tokengetter.go
"""

import asyncio
import time
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from rootspan_apiserver.authn.authentication import Unauthenticated
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject

LEEWAY = 60.0
"""Seconds by which the clocks of servers may differ."""
_BINDABLE = {"secret": "secrets", "pod": "pods", "node": "nodes"}
_INVALIDATED = "service account token has been invalidated"


class ServiceAccountObjects:
    def __init__(self, storage: Storage, registry: Registry) -> None:
        self._storage = storage
        self._accounts = _resource(registry, "serviceaccounts")
        self._bindable = {claim: _resource(registry, plural) for claim, plural in _BINDABLE.items()}

    async def check(self, claims: Mapping[str, Any]) -> None:
        """Check the objects in the `kubernetes.io` claims of a token.

        Raises:
            Unauthenticated: one is gone, is another one of that name, or has been on its way out for longer than the leeway.
        """
        namespace, account = claims["namespace"], claims["serviceaccount"]
        try:
            found = await self._get(self._accounts, namespace, account["name"])
        except StatusError as exc:
            raise Unauthenticated(exc.message) from exc
        if found.uid != account["uid"]:
            raise Unauthenticated(f"service account UID ({found.uid}) does not match claim ({account['uid']})")
        if _is_deleted(found):
            raise Unauthenticated(f"service account {namespace}/{account['name']} has been deleted")
        for claim, resource in self._bindable.items():
            # The node of a pod's token only tells where the pod runs.
            if claim in claims and not (claim == "node" and "pod" in claims):
                await self._check_bound(claim, resource, namespace if resource.namespaced else "", claims[claim])

    async def _check_bound(self, claim: str, resource: Resource, namespace: str, bound: Mapping[str, str]) -> None:
        try:
            found = await self._get(resource, namespace, bound["name"])
        except StatusError as exc:
            raise Unauthenticated(_INVALIDATED) from exc
        if found.uid != bound["uid"]:
            why = f"{claim} UID ({found.uid}) does not match service account {claim} ref claim ({bound['uid']})"
            raise Unauthenticated(why)
        if _is_deleted(found):
            raise Unauthenticated(_INVALIDATED)

    async def _get(self, resource: Resource, namespace: str, name: str) -> StoredObject:
        """
        Raises:
            StatusError: 404, there is none; 503, etcd is away.
        """
        try:
            found = await self._storage.cached_object(resource, namespace, name)
        except StatusError:
            found = None
        if found is None:
            # Not part of the request's trace: in kube-apiserver too this is a request of the server's own.
            looking = self._storage.get(resource, namespace, name)
            found = await asyncio.create_task(looking, context=Context())
        if found is None:
            raise not_found(resource.group_resource, name)
        return found


def _is_deleted(found: StoredObject) -> bool:
    if not found.is_terminating:
        return False
    return read_time(found.deletion_timestamp).timestamp() < time.time() - LEEWAY


def _resource(registry: Registry, plural: str) -> Resource:
    found = registry.lookup("", "v1", plural)
    if found is None:
        raise LookupError(f"{plural} are not in the registry")
    return found
