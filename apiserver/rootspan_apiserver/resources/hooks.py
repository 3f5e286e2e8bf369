"""What a definition may say in Python: the functions that prepare an object, and the policies that they follow.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/create.go, update.go, delete.go
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from rootspan_apiserver.kube.comparison import identical, same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.rules.rule import do_not_warn


@dataclass(frozen=True, kw_only=True)
class WriteContext:
    """The request that a write is part of, for hooks: `user` makes it, and `warn` adds a warning to its response."""

    user: User | None = None
    warn: Callable[[str], None] = do_not_warn


NO_CONTEXT = WriteContext()


@dataclass(frozen=True, kw_only=True)
class Finalization:
    """How an object holds itself while it is being deleted, besides by its `metadata.finalizers`.

    `begin` changes an object whose deletion begins; `is_pending` tells whether an object in deletion is still held.
    """

    begin: Callable[[JSONObject], None]
    is_pending: Callable[[JSONObject], bool]


Default = Callable[[JSONObject], None]
CreateHook = Callable[[JSONObject, WriteContext], None]
UpdateHook = Callable[[JSONObject, JSONObject, WriteContext], None]


def desired_state_changed(obj: JSONObject, old: JSONObject) -> bool:
    """Return whether anything but metadata and status differs."""
    aside = {"apiVersion", "kind", "metadata", "status"}
    return any(not same(obj.get(key), old.get(key)) for key in (obj.keys() | old.keys()) - aside)


@dataclass(frozen=True, kw_only=True)
class Generation:
    """How `metadata.generation` is counted.

    `first` is that of a new object, 0 for none; `changed` says whether an update counts.
    """

    first: int = 1
    changed: Callable[[JSONObject, JSONObject], bool] = desired_state_changed


COUNTED = Generation()
"""1, and one more for each change of anything but metadata and status: upstream's usual."""


def counted_strictly(field: str) -> Generation:
    """Return the policy of kinds that compare a field with `reflect.DeepEqual`, to which an empty list is another than a nil one."""
    return Generation(changed=lambda obj, old: not identical(obj.get(field), old.get(field)))


class UpdateOrder(Enum):
    """What an update is checked for, and in which order: what upstream's `ValidateUpdate` and `ValidateFooUpdate` call.

    The changes are `ValidateObjectMetaUpdate` and `Definition.changes`, the rules `ValidateObjectMeta`, `spec` and `rules`.
    """

    CHANGES_FIRST = auto()
    """The changes, then the rules: `ValidateFooUpdate` ends with `ValidateFoo`."""
    RULES_FIRST = auto()
    """The rules, then the changes: the strategy calls `ValidateFoo`, then `ValidateFooUpdate`."""
    CHANGES_THEN_SPEC = auto()
    """The changes, then the rules without `ValidateObjectMeta`: `ValidateFooUpdate` ends with `ValidateFooSpec`."""
    SPEC_THEN_CHANGES = auto()
    """`ValidateObjectMetaUpdate`, the rules without `ValidateObjectMeta`, then `Definition.changes`."""
    RULES_ONLY = auto()
    """The rules: `ValidateFooUpdate` calls `ValidateFoo`, and not `ValidateObjectMetaUpdate`."""
    CHANGES_ONLY = auto()
