"""The roles and bindings that a server has from the start: created where they are missing, and given what they lack.

That is done once, when the server starts. What has been added to them stays; an object whose annotation
`rbac.authorization.kubernetes.io/autoupdate` is `false` is left alone.

Upstream: pkg/registry/rbac/rest/storage_rbac.go (PolicyData)
"""

import asyncio
import logging

from rootspan_apiserver.authz.bootstrap_policy import GROUP, bootstrap_policy
from rootspan_apiserver.authz.reconciliation import is_protected, reconciled
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_key

logger = logging.getLogger(__name__)
PAUSE, ATTEMPTS = 1.0, 30
_AGGREGATED = ("admin", "edit", "view")
_SPLIT = ("system:discovery", "system:public-info-viewer")
"""The binding that once did what now both do."""
_PLURALS = {
    "Role": "roles",
    "ClusterRole": "clusterroles",
    "RoleBinding": "rolebindings",
    "ClusterRoleBinding": "clusterrolebindings",
}


class BootstrapRoles:
    """Reconciles the bootstrap policy."""

    def __init__(self, storage: Storage, store: Store, registry: Registry) -> None:
        self._storage = storage
        self._own = OwnWrites(store)
        self._resources = {kind: registry.builtin(plural, GROUP) for kind, plural in _PLURALS.items()}

    async def reconcile(self) -> None:
        """Try until it succeeds. Raises StatusError where it has not after half a minute."""
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                await self._reconcile()
            except StatusError as exc:
                if not attempts_left:
                    raise
                logger.warning("unable to initialize roles: %s", exc.message)
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _reconcile(self) -> None:
        present = {kind: await self._present(resource) for kind, resource in self._resources.items()}
        roles = list(bootstrap_policy())
        bindings = [role.binding() for role in roles if role.is_bound]
        await self._prime(present, bindings)
        # A failure must not keep the others from being written; together they cost the store one commit.
        writes = (self._ensure(expected, present) for expected in (*(role.role() for role in roles), *bindings))
        failures = [each for each in await asyncio.gather(*writes, return_exceptions=True) if each is not None]
        if failures:
            raise failures[0]

    async def _ensure(self, expected: JSONObject, present: dict[str, dict[ObjectKey, JSONObject]]) -> None:
        kind, metadata = expected["kind"], expected["metadata"]
        existing = present[kind].get(ObjectKey(metadata.get("namespace", ""), metadata["name"]))
        if existing is None:
            await self._create(expected)
        elif not is_protected(existing):
            await self._change(existing, expected)

    async def _present(self, resource: Resource) -> dict[ObjectKey, JSONObject]:
        found = await self._storage.cached(resource)
        return {object_key(resource, stored.key): stored.decode() for stored in found}

    async def _prime(self, present: dict[str, dict[ObjectKey, JSONObject]], bindings: list[JSONObject]) -> None:
        """Copy what older servers have made to where newer ones look for it: own rules of roles that now are aggregated, subjects."""
        roles = present["ClusterRole"]
        for name in _AGGREGATED:
            new = ObjectKey("", f"system:aggregate-to-{name}")
            old = roles.get(ObjectKey("", name))
            if new not in roles and old is not None and not old.get("aggregationRule"):
                await self._copy(present, old, new)
        old_name, new_name = (ObjectKey("", name) for name in _SPLIT)
        old = present["ClusterRoleBinding"].get(old_name)
        if old is not None and new_name not in present["ClusterRoleBinding"]:
            (template,) = (each for each in bindings if each["metadata"]["name"] == new_name.name)
            await self._copy(present, {**old, "roleRef": template["roleRef"]}, new_name)

    async def _copy(self, present: dict[str, dict[ObjectKey, JSONObject]], old: JSONObject, key: ObjectKey) -> None:
        metadata = {field: old["metadata"][field] for field in ("labels", "annotations") if field in old["metadata"]}
        copy = {**old, "metadata": {"name": key.name, **metadata}}
        await self._create(copy)
        present[old["kind"]][key] = copy

    async def _create(self, obj: JSONObject) -> None:
        await self._own.create(self._resources[obj["kind"]], obj["metadata"].get("namespace", ""), obj)

    async def _change(self, existing: JSONObject, expected: JSONObject) -> None:
        kind, metadata = existing["kind"], existing["metadata"]
        resource, namespace, name = self._resources[kind], metadata.get("namespace", ""), metadata["name"]
        changed = reconciled(existing, expected)
        if changed is None:
            await self._own.delete(resource, namespace, name)
            await self._create(expected)
        elif changed != existing:
            await self._own.update(resource, namespace, name, lambda live: reconciled(live, expected) or live)
