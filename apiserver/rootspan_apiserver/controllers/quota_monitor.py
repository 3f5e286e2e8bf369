"""What makes a quota be calculated: a change of what it allows, and changes of the objects that it counts.

Both are seen in the watch cache as they happen, and cost next to nothing in namespaces without quotas.

Upstream: pkg/controller/resourcequota/resource_quota_monitor.go
"""

from collections.abc import Callable, Iterable

from rootspan_apiserver.admission.quota.evaluator import Evaluator
from rootspan_apiserver.kube.meta import ObjectKey
from rootspan_apiserver.kube.resource_amounts import Amounts, amounts_of, same_amounts
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key


class KnownQuotas:
    """The quotas of each namespace, and the resources that each allows.

    `settle` is called with a quota that is new or allows something else, `calculate` with one whose objects have changed.
    """

    def __init__(
        self, resource: Resource, *, settle: Callable[[ObjectKey], None], calculate: Callable[[ObjectKey], None]
    ) -> None:
        self._resource = resource
        self._settle = settle
        self._calculate = calculate
        self._quotas: dict[str, dict[ObjectKey, frozenset[str]]] = {}

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Begin again with these quotas."""
        self._quotas.clear()
        for stored in objects:
            self._put(stored)

    def observe(self, change: Change) -> None:
        """Note what a quota allows, and have it calculated if that is something else than before. Its status changes nothing."""
        if change.deleted:
            key = object_key(self._resource, change.object.key)
            quotas = self._quotas.get(key.namespace, {})
            quotas.pop(key, None)
            if not quotas:
                self._quotas.pop(key.namespace, None)
        elif change.previous is None or not same_amounts(_hard(change.object), _hard(change.previous)):
            self._put(change.object)

    def _put(self, stored: StoredObject) -> None:
        key = object_key(self._resource, stored.key)
        self._quotas.setdefault(key.namespace, {})[key] = frozenset(_hard(stored))
        self._settle(key)

    def all(self) -> list[ObjectKey]:
        """Return all quotas."""
        return [key for quotas in self._quotas.values() for key in quotas]

    def has_any(self, namespace: str) -> bool:
        """Return whether there is a quota in a namespace."""
        return namespace in self._quotas

    def replenish(self, namespace: str, evaluator: Evaluator) -> None:
        """Have the quotas of a namespace calculated that count something of what `evaluator` does."""
        for key, names in self._quotas.get(namespace, {}).items():
            if any(map(evaluator.may_count, names)):
                self._calculate(key)


class QuotaMonitor:
    """Observes the objects of `resource`, which `evaluator` counts."""

    def __init__(self, resource: Resource, evaluator: Evaluator, quotas: KnownQuotas) -> None:
        self._resource = resource
        self._evaluator = evaluator
        self._quotas = quotas

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Have quotas calculated again: deletions may have been missed."""
        for namespace in {object_key(self._resource, stored.key).namespace for stored in objects}:
            self._quotas.replenish(namespace, self._evaluator)

    def observe(self, change: Change) -> None:
        """Have quotas calculated that count the object, if it counts for less now."""
        namespace = object_key(self._resource, change.object.key).namespace
        if not self._quotas.has_any(namespace) or change.previous is None:
            return
        if change.deleted or self._evaluator.is_replenished(change.previous.decode(), change.object.decode()):
            self._quotas.replenish(namespace, self._evaluator)


def _hard(stored: StoredObject) -> Amounts:
    return amounts_of((stored.decode().get("spec") or {}).get("hard"))
