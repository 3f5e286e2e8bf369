"""serviceaccount-token-controller: a secret of type `kubernetes.io/service-account-token` has a token of the account that it names.

It is deleted with that account, and an account that lists it does so no longer once it is deleted.

Upstream: pkg/controller/serviceaccount/tokens_controller.go
"""

import asyncio
import base64
from typing import Any, Protocol

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.core.secret import ACCOUNT_NAME
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.scope import object_key

ACCOUNT_UID = "kubernetes.io/service-account.uid"
TYPE = "kubernetes.io/service-account-token"
_CAUGHT_UP = frozenset({404, 409})
"""The object was deleted or changed, which is another event."""


class SecretTokens(Protocol):
    """Makes tokens that are valid while a secret has them."""

    def issue_for_secret(self, namespace: str, secret: str, name: str, uid: str) -> str:
        """Return a token of the account `name`."""
        ...


class ServiceAccountTokenController:
    """Fills the secrets. `ca_bundle` is what they tell clients to verify the server by."""

    name = "serviceaccount-token-controller"

    def __init__(
        self, storage: Storage, registry: Registry, loopback: LoopbackClient, *, tokens: SecretTokens, ca_bundle: bytes
    ) -> None:
        self._storage = storage
        self._secrets = registry.builtin("secrets")
        self._accounts = registry.builtin("serviceaccounts")
        self._tokens = tokens
        self._ca = base64.b64encode(ca_bundle).decode()
        self._actor = Actor(loopback, "tokens-controller")
        self.queue: WorkQueue[tuple[str, str]] = WorkQueue(self.name)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._fill))
            group.create_task(self._observe_secrets())
            group.create_task(self._observe_accounts())

    async def _observe_secrets(self) -> None:
        async for observed in observe(self._storage, self._secrets):
            secret = observed.object.decode()
            if not _account_of(secret):
                continue
            namespace = object_key(self._secrets, observed.object.key).namespace
            if observed.deleted:
                await self._forget(namespace, secret)
            else:
                self.queue.add((namespace, observed.object.name))

    async def _observe_accounts(self) -> None:
        async for observed in observe(self._storage, self._accounts):
            if not observed.deleted:
                continue
            namespace = object_key(self._accounts, observed.object.key).namespace
            for secret in await self._storage.cached(self._secrets):
                key = object_key(self._secrets, secret.key)
                if key.namespace == namespace and _account_of(secret.decode()) == observed.object.name:
                    self.queue.add((key.namespace, key.name))

    async def _fill(self, key: tuple[str, str]) -> None:
        namespace, name = key
        stored = await self._storage.cached_object(self._secrets, namespace, name)
        if stored is None or not (account_name := _account_of(secret := stored.decode())):
            return
        account = await self._account(namespace, account_name)
        claimed = secret["metadata"]["annotations"].get(ACCOUNT_UID)
        path = APIPath.of_object(self._secrets, namespace, name)
        if account is None or (claimed and claimed != account.uid):
            await self._actor.delete(path, preconditions={"uid": stored.uid})
            return
        data: dict[str, Any] = secret.get("data") or {}
        wanted = {"ca.crt": self._ca, "namespace": data.get("namespace") or _encoded(namespace)}
        wanted["token"] = data.get("token") or _encoded(
            self._tokens.issue_for_secret(namespace, name, account_name, account.uid)
        )
        if data | wanted == data:
            return
        secret["metadata"]["annotations"] |= {ACCOUNT_NAME: account_name, ACCOUNT_UID: account.uid}
        await self._replace(path, {**secret, "data": data | wanted})

    async def _account(self, namespace: str, name: str) -> StoredObject | None:
        """Return an account, which may have been created so lately that the cache does not have it."""
        found = await self._storage.cached_object(self._accounts, namespace, name)
        return found or await self._storage.get(self._accounts, namespace, name)

    async def _forget(self, namespace: str, secret: JSONObject) -> None:
        name, account_name = secret["metadata"]["name"], _account_of(secret)
        stored = await self._storage.cached_object(self._accounts, namespace, account_name)
        if stored is None:
            return
        account = stored.decode()
        listed = account.get("secrets") or []
        kept = [reference for reference in listed if reference.get("name") != name]
        claimed = secret["metadata"]["annotations"].get(ACCOUNT_UID)
        if len(kept) < len(listed) and claimed in (None, "", stored.uid):
            path = APIPath.of_object(self._accounts, namespace, account_name)
            await self._replace(path, {**account, "secrets": kept})

    async def _replace(self, path: APIPath, obj: JSONObject) -> None:
        try:
            await self._actor.replace(path, obj)
        except StatusError as exc:
            if exc.code not in _CAUGHT_UP:
                raise


def _account_of(secret: JSONObject) -> str:
    """Return the account that a secret of this type names, "" for other secrets."""
    if secret.get("type") != TYPE:
        return ""
    name: str = (secret["metadata"].get("annotations") or {}).get(ACCOUNT_NAME, "")
    return name


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
