"""Evaluate JSON paths, as printer columns and selectable fields use them: `.spec.size`, `.spec.hosts[0]`,
`.status.conditions[?(@.type=="Ready")].status`, `..name`.

Upstream: staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import Any, Protocol

_COMPARISONS: MappingProxyType[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
)


class PathStep(Protocol):
    """A step of a path: from some values to others."""

    def walk(self, values: Sequence[Any]) -> list[Any]:
        """Return what the step leads to from each of the values. Raises ValueError where it cannot be taken."""
        ...


Steps = tuple[PathStep, ...]


def follow(values: Sequence[Any], steps: Steps) -> list[Any]:
    """Return what a path leads to. Raises ValueError, as its steps do."""
    for step in steps:
        values = step.walk(values)
    return list(values)


@dataclass(frozen=True, slots=True)
class FieldStep:
    """The field `name` of objects that have it."""

    name: str

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [value[self.name] for value in values if isinstance(value, dict) and self.name in value]


@dataclass(frozen=True, slots=True)
class ConstantStep:
    """A text, a number or a boolean, whatever the value is."""

    value: Any

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [self.value] * (1 if isinstance(self.value, str) else len(values))


@dataclass(frozen=True, slots=True)
class WildcardStep:
    """What objects and lists hold."""

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [child for value in values for child in _children(value)]


@dataclass(frozen=True, slots=True)
class RecursiveStep:
    """The objects and lists among the values, and all that are in them."""

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [found for value in values for found in self._inside(value)]

    def _inside(self, value: Any) -> Iterator[Any]:
        if isinstance(value, dict | list) and value:
            yield value
            for child in _children(value):
                yield from self._inside(child)


@dataclass(frozen=True, slots=True)
class SliceStep:
    """Elements of lists: from `start` to `end`, every `step`th; `index` says that it is the one at `start`."""

    start: int | None
    end: int | None
    step: int | None
    index: bool = False

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [item for value in values if value is not None for item in self._of(value)]

    def _of(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("not a list")
        size = len(value)
        start = 0 if self.start is None else self.start + (size if self.start < 0 else 0)
        end = size if self.end is None else self.end
        if self.index:
            end = (self.start or 0) + 1
        if end < 0 or (end == 0 and self.index):
            end += size
        if start == end:
            return []
        if not 0 <= start < size or not 0 <= end <= size or start > end:
            raise ValueError("array index out of bounds")
        if self.step is not None and self.step <= 0:
            raise ValueError("step must be > 0")
        return value[start : end : self.step or 1]


@dataclass(frozen=True, slots=True)
class UnionStep:
    """What each of several paths leads to."""

    paths: tuple[Steps, ...]

    def walk(self, values: Sequence[Any]) -> list[Any]:
        return [found for steps in self.paths for found in follow(values, steps)]


@dataclass(frozen=True, slots=True)
class FilterStep:
    """The elements of lists for which a comparison holds; without an `operator`, those for which `left` leads to something."""

    left: Steps
    operator: str = ""
    right: Steps = ()

    def walk(self, values: Sequence[Any]) -> list[Any]:
        if not all(isinstance(value, list) for value in values):
            raise ValueError("not a list, so it cannot be filtered")
        return [item for value in values for item in value if self._holds(item)]

    def _holds(self, item: Any) -> bool:
        if not self.operator:
            return bool(follow([item], self.left))
        lefts, rights = follow([item], self.left), follow([item], self.right)
        if not lefts or not rights:
            return False
        if len(lefts) > 1 or len(rights) > 1:
            raise ValueError("can only compare one element at a time")
        compare = _COMPARISONS.get(self.operator)
        if compare is None or type(lefts[0]) is not type(rights[0]) or isinstance(lefts[0], dict | list | None):
            raise ValueError("cannot be compared")
        return compare(lefts[0], rights[0])


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value[key] for key in sorted(value))
    elif isinstance(value, list):
        yield from value
