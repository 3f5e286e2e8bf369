"""clusterrole-aggregation-controller: a cluster role with an aggregation rule has the rules of those that its selectors select.

Upstream: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
"""

import asyncio
from collections.abc import Iterable, Mapping

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.selectors import LabelSelector
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change

_ALL = ""


class ClusterRoleAggregationController:
    """Compares all cluster roles that collect others whenever a cluster role changes: one of them may be collected by another."""

    name = "clusterrole-aggregation-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient) -> None:
        self._storage = storage
        self._roles = registry.builtin("clusterroles", "rbac.authorization.k8s.io")
        self._actor = Actor(loopback, self.name)
        self.queue: WorkQueue[str] = WorkQueue(self.name)
        self._complete = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        self._storage.subscribe(self._roles, self)
        await self.queue.run(self._sync)

    async def complete(self) -> None:
        """Return once the roles that were there at the start have their rules."""
        await self._complete.wait()

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Compare these roles."""
        self.queue.add(_ALL)

    def observe(self, change: Change) -> None:
        """Compare the roles again after one of them has changed."""
        self.queue.add(_ALL)

    async def _sync(self, _: str) -> None:
        stored = await self._storage.cached(self._roles)
        roles = {each.name: each.decode() for each in stored}
        changed = False
        for name, role in roles.items():
            if role.get("aggregationRule") is None:
                continue
            rules = _collected(role, roles)
            if not same(rules, role.get("rules")):
                changed, role["rules"] = (
                    True,
                    rules,
                )  # what is compared next sees it, so that two roles that collect each other agree
                await self._actor.apply(APIPath.of_object(self._roles, "", name), _applied(role, rules))
        if not changed:
            self._complete.set()


def _collected(role: JSONObject, roles: Mapping[str, JSONObject]) -> list[JSONObject]:
    """Return the rules of the roles that the selectors of `role` select, each once, in the order of names. Raises StatusError."""
    rules: list[JSONObject] = []
    for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
        selected = LabelSelector.from_object(selector)
        for name in sorted(roles):
            if name != role["metadata"]["name"] and selected.matches(roles[name]["metadata"].get("labels") or {}):
                found = roles[name].get("rules") or ()
                rules += [rule for rule in found if not any(same(rule, each) for each in rules)]
    return rules


def _applied(role: JSONObject, rules: list[JSONObject]) -> JSONObject:
    applied = {key: role[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": role["metadata"]["name"]}}
    return applied | ({"rules": rules} if rules else {})
