"""A label selector as an object (`LabelSelector` of meta/v1): matchLabels and matchExpressions, all of which must hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Requirement:
    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """`of(None)` and `of({})` select everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of(cls, selector: Mapping[str, Any] | None) -> Self:
        selector = selector or {}
        equal = (
            Requirement(key, "In", frozenset({value})) for key, value in (selector.get("matchLabels") or {}).items()
        )
        expressions = (
            Requirement(each["key"], each["operator"], frozenset(each.get("values") or ()))
            for each in selector.get("matchExpressions") or ()
        )
        return cls((*equal, *expressions))

    @property
    def empty(self) -> bool:
        return not self.requirements

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)
