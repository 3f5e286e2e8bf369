"""Check that the objects named in a service account's token exist.

These are the service account with the uid in the token, and the pod, secret or node that the token is bound to. An object that is being
deleted counts as existing for `LEEWAY` seconds after its deletion timestamp. Objects are read from the watch cache once it has caught up
with the writes of this process, so a token is rejected as soon as the deletion of its object has been answered; an object that is
not in the cache is read from etcd.

Upstream: pkg/serviceaccount/claims.go, pkg/controller/serviceaccount/tokengetter.go
"""

import asyncio
import time
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject

LEEWAY = 60.0
"""Tolerated clock skew between servers, in seconds."""
_BINDABLE = {"secret": "secrets", "pod": "pods", "node": "nodes"}
_INVALIDATED = "service account token has been invalidated"


class ServiceAccountObjects:
    """Reads service accounts and the objects that tokens are bound to."""

    def __init__(self, storage: Storage, registry: Registry) -> None:
        self._storage = storage
        self._accounts = registry.builtin("serviceaccounts")
        self._bindable = {claim: registry.builtin(plural) for claim, plural in _BINDABLE.items()}

    async def check(self, claims: Mapping[str, Any]) -> None:
        """Check the objects in the `kubernetes.io` claims of a token.

        Raises:
            InvalidCredentialsError: one does not exist, has another uid, or has been terminating for longer than the leeway.
        """
        namespace, account = claims["namespace"], claims["serviceaccount"]
        try:
            found = await self._get(self._accounts, namespace, account["name"])
        except StatusError as exc:
            raise InvalidCredentialsError(exc.message) from exc
        if found.uid != account["uid"]:
            raise InvalidCredentialsError(f"service account UID ({found.uid}) does not match claim ({account['uid']})")
        if _is_deleted(found):
            raise InvalidCredentialsError(f"service account {namespace}/{account['name']} has been deleted")
        for claim, resource in self._bindable.items():
            # The node in a token that is bound to a pod is informational and is not checked.
            if claim in claims and not (claim == "node" and "pod" in claims):
                await self._check_bound(claim, resource, namespace if resource.namespaced else "", claims[claim])

    async def _check_bound(self, claim: str, resource: Resource, namespace: str, bound: Mapping[str, str]) -> None:
        try:
            found = await self._get(resource, namespace, bound["name"])
        except StatusError as exc:
            raise InvalidCredentialsError(_INVALIDATED) from exc
        if found.uid != bound["uid"]:
            why = f"{claim} UID ({found.uid}) does not match service account {claim} ref claim ({bound['uid']})"
            raise InvalidCredentialsError(why)
        if _is_deleted(found):
            raise InvalidCredentialsError(_INVALIDATED)

    async def _get(self, resource: Resource, namespace: str, name: str) -> StoredObject:
        """Return an object from the cache or from etcd.

        Raises:
            StatusError: 404, it does not exist; 503, etcd is not reachable.
        """
        try:
            found = await self._storage.cached_object(resource, namespace, name)
        except StatusError:
            found = None
        if found is None:
            # An empty context keeps this read out of the request's trace, as in kube-apiserver, whose getter uses its own context.
            reading = self._storage.get(resource, namespace, name)
            found = await asyncio.create_task(reading, context=Context())
        if found is None:
            raise not_found(resource.group_resource, name)
        return found


def _is_deleted(found: StoredObject) -> bool:
    if not found.is_terminating:
        return False
    return read_time(found.deletion_timestamp).timestamp() < time.time() - LEEWAY
