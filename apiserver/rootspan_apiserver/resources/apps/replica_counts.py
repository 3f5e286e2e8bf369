"""The numbers of pods in the status of a workload.

Upstream: pkg/apis/apps/validation/validation.go (ValidateReplicaSetStatus, ValidateDeploymentStatus, …)
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import count
from rootspan_apiserver.resources.columns import Cell, at
from rootspan_apiserver.rules import Path, Rule, RuleContext, function, not_negative, struct


def counts(names: Iterable[str]) -> Rule:
    """Return the rule that fields of a status are not negative."""
    return struct(dict.fromkeys(names, not_negative))


def at_most(limit: str, *names: str, words: str) -> Rule:
    """Return the rule that fields of a status are not greater than the field `limit`."""

    @function("ValidateReplicaSetStatus")
    def not_greater(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """No part is greater than the whole."""
        for name in names:
            number = value.get(name) or 0
            if number > (value.get(limit) or 0):
                yield FieldError.invalid(path / name, number, words)

    return not_greater


@function("IsDecremented")
def collisions(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The number of collisions does not shrink."""
    number, before = value.get("collisionCount"), at(context.old_root or {}, "status", "collisionCount")
    if before is not None and (number is None or number < before):
        yield FieldError.invalid(path / "collisionCount", number or 0, "cannot be decremented")


REPLICA_STATUS = (
    counts(
        (
            "replicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
            "observedGeneration",
        )
    )
    & at_most(
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        words="cannot be greater than status.replicas",
    )
    & at_most("readyReplicas", "availableReplicas", words="cannot be greater than readyReplicas")
)
"""The status of a ReplicaSet and of a ReplicationController."""


def number(name: str) -> Cell:
    """Return a cell with a number of the status, 0 where it is absent."""

    def cell(obj: JSONObject, now: datetime) -> int:
        return count(obj, name)

    return cell


def ready_of_wanted(obj: JSONObject, now: datetime) -> str:
    """Return the ready pods of those that are wanted: `1/3`."""
    return f"{count(obj, 'readyReplicas')}/{at(obj, 'spec', 'replicas') or 0}"
