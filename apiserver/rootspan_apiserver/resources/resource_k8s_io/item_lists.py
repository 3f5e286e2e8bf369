"""Lists and maps as the hand-written rules of resource.k8s.io check them: the size first and alone, then the items, then doubles.

Upstream: pkg/apis/resource/validation/validation.go (validateSlice, validateSet, validateMap)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Line, Path, Rule, RuleContext, each, max_items


def items(rule: Rule, *, limit: int) -> Rule:
    """Return the rule of a list of at most `limit` items; more are not looked at."""
    return max_items(limit) & each(rule)


@dataclass(frozen=True)
class NoDoubles(Rule):
    """No two items have the same key; the error is at the later item and shows the key."""

    key: Callable[[Any], object]
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        seen: set[object] = set()
        for index, item in enumerate(value):
            key = self.key(item)
            if key in seen:
                yield FieldError.duplicate(path / index, key)
            seen.add(key)

    def describe(self) -> Iterator[Line]:
        yield Line("", self.words)


def _itself(item: Any) -> object:
    return item


def item_set(rule: Rule, *, limit: int, by: str = "") -> Rule:
    """Return the rule of a list of at most `limit` items that differ in a field, or as a whole."""
    if not by:
        return items(rule, limit=limit) & NoDoubles(_itself, "unique")
    return items(rule, limit=limit) & NoDoubles(lambda item: item.get(by) or "", f"unique by {by}")


@dataclass(frozen=True)
class ItemMap(Rule):
    """A map, in the order of its keys. Long keys are shortened in the paths of errors."""

    keys: Rule
    values: Rule
    shown: int

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        for key in sorted(value):
            at = path.key(_shortened(key, self.shown))
            yield from self.keys.check(key, ABSENT, at, context)
            yield from self.values.check(value[key], ABSENT, at, context)

    def describe(self) -> Iterator[Line]:
        yield from (Line(f"[*]{line.path}", f"key: {line.text}") for line in self.keys.describe())
        for line in self.values.describe():
            yield Line(f"[*].{line.path}" if line.path else "[*]", line.text)


def item_map(keys: Rule, values: Rule, *, shown: int) -> Rule:
    """Return the rule of a map, whose errors show at most `shown` characters of a key."""
    return ItemMap(keys, values, shown)


def _shortened(key: str, limit: int) -> str:
    if len(key) <= limit:
        return key
    remaining = limit - len("...")
    return f"{key[: (remaining + 1) // 2]}...{key[len(key) - remaining // 2 :]}"
