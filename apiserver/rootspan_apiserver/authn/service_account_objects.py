"""Check that the objects named in a service account's token exist.

These are the service account with the uid in the token, and the pod, secret or node that the token is bound to. An object that is being
deleted counts as existing for `LEEWAY` seconds after its deletion timestamp. Objects are read from the watch cache once it has caught up
with the writes of this process, so a token is rejected as soon as the deletion of its object has been answered; an object that is
not in the cache is read from etcd.

Upstream: pkg/serviceaccount/claims.go, pkg/controller/serviceaccount/tokengetter.go
"""

import asyncio
import time
from contextvars import Context
from dataclasses import dataclass
from typing import Self

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.authn.jose import JSONObjectOfToken
from rootspan_apiserver.authn.token_claims import LEEWAY, nested, numeric_date, text
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject

_INVALIDATED = "service account token has been invalidated"


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object as a token names it: one of this name with another uid is another object."""

    name: str = ""
    uid: str = ""

    @classmethod
    def read(cls, claims: JSONObjectOfToken, kind: str) -> Self | None:
        """Return the object of a kind, None for none. Raises InvalidCredentialsError for claims of wrong types."""
        found = nested(claims, kind, "serviceaccount.ref")
        return None if found is None else cls(text(found, "name"), text(found, "uid"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectClaims:
    """What the claim `kubernetes.io` says. `warn_after` is in seconds since the epoch."""

    namespace: str = ""
    account: NamedObject = NamedObject()
    secret: NamedObject | None = None
    pod: NamedObject | None = None
    node: NamedObject | None = None
    warn_after: int | None = None

    @classmethod
    def read(cls, payload: JSONObjectOfToken) -> Self:
        """Raises InvalidCredentialsError for claims of wrong types."""
        found = nested(payload, "kubernetes.io", "serviceaccount.kubernetes")
        if found is None:
            return cls()
        return cls(
            namespace=text(found, "namespace"),
            account=NamedObject.read(found, "serviceaccount") or NamedObject(),
            secret=NamedObject.read(found, "secret"),
            pod=NamedObject.read(found, "pod"),
            node=NamedObject.read(found, "node"),
            warn_after=numeric_date(found, "warnafter"),
        )


class ServiceAccountObjects:
    """Reads service accounts and the objects that tokens are bound to."""

    def __init__(self, storage: Storage, registry: Registry) -> None:
        self._storage = storage
        self._accounts = registry.builtin("serviceaccounts")
        self._secrets = registry.builtin("secrets")
        self._pods = registry.builtin("pods")
        self._nodes = registry.builtin("nodes")

    async def check(self, claims: ObjectClaims) -> None:
        """Check the objects that a token names.

        Raises:
            InvalidCredentialsError: one does not exist, has another uid, or has been terminating for longer than the leeway.
        """
        namespace, account = claims.namespace, claims.account
        found = await self.account(namespace, account.name)
        if found.uid != account.uid:
            raise InvalidCredentialsError(f"service account UID ({found.uid}) does not match claim ({account.uid})")
        if _is_deleted(found):
            raise InvalidCredentialsError(f"service account {namespace}/{account.name} has been deleted")
        if claims.secret is not None:
            await self._check_bound(self._secrets, namespace, claims.secret)
        if claims.pod is not None:
            await self._check_bound(self._pods, namespace, claims.pod)
        elif claims.node is not None:
            # The node in a token that is bound to a pod is informational and is not checked.
            await self._check_bound(self._nodes, "", claims.node)

    async def account(self, namespace: str, name: str) -> StoredObject:
        """Return a service account. Raises InvalidCredentialsError where there is none."""
        if not name:
            raise InvalidCredentialsError("resource name may not be empty")
        if reasons := path_segment(name):
            raise InvalidCredentialsError(f"invalid resource name {quote(name)}: [{reasons[0]}]")
        if reasons := path_segment(namespace):
            raise InvalidCredentialsError(f"invalid namespace {quote(namespace)}: [{reasons[0]}]")
        if not namespace:
            raise InvalidCredentialsError("the server could not find the requested resource")
        try:
            return await self._get(self._accounts, namespace, name)
        except StatusError as exc:
            raise InvalidCredentialsError(exc.message) from exc

    async def secret(self, namespace: str, name: str) -> StoredObject | None:
        """Return a secret, None where there is none that can be read."""
        return await self._found(self._secrets, namespace, name)

    async def _check_bound(self, resource: Resource, namespace: str, bound: NamedObject) -> None:
        found = await self._found(resource, namespace, bound.name)
        if found is None:
            raise InvalidCredentialsError(_INVALIDATED)
        if found.uid != bound.uid:
            kind = resource.kind.kind.lower()
            why = f"{kind} UID ({found.uid}) does not match service account {kind} ref claim ({bound.uid})"
            raise InvalidCredentialsError(why)
        if _is_deleted(found):
            raise InvalidCredentialsError(_INVALIDATED)

    async def _found(self, resource: Resource, namespace: str, name: str) -> StoredObject | None:
        if not name or path_segment(name) or path_segment(namespace):
            return None
        try:
            return await self._get(resource, namespace, name)
        except StatusError:
            return None

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
