"""Rules for structs, lists and maps: they find the values and their paths, other rules check them.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/each.go and subfield.go
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext


@dataclass(frozen=True)
class Struct(Rule):
    """Checks the fields of an object, in the order in which they are given."""

    fields: tuple[tuple[str, Rule], ...] = ()

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: list[FieldError] = []
        has_old = type(old) is dict
        for name, rule in self.fields:
            found = value.get(name)
            if (found is not None or rule.wants_absent) and (
                wrong := rule.check(found, old.get(name) if has_old else old, path / name, context)
            ):
                errors.extend(wrong)
        return errors

    def describe(self) -> Iterator[Line]:
        for name, rule in self.fields:
            yield from _below(name, rule)


def struct(named: Mapping[str, Rule] | None = None, /, **fields: Rule) -> Rule:
    """Return a rule for an object with these fields; the order of the fields is the order of the errors.

    Args:
        named: fields whose names are no Python identifiers; they come first.
    """
    return Struct((*(named or {}).items(), *fields.items()))


@dataclass(frozen=True)
class Each(Rule):
    """Checks every element of a list."""

    rule: Rule
    key: tuple[str, ...] = ()
    indexed: bool = True

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: list[FieldError] = []
        before = self._by_key(old) if self.key and old else None
        for index, item in enumerate(value):
            if before is not None:
                old_item = before.get(self._key_of(item), ABSENT)
            else:
                old_item = old[index] if type(old) is list and index < len(old) and not self.key else ABSENT
            errors.extend(self.rule.check(item, old_item, path / index if self.indexed else path, context))
        return errors

    def _by_key(self, items: Any) -> dict[tuple[Any, ...], Any]:
        return {self._key_of(item): item for item in items} if type(items) is list else {}

    def _key_of(self, item: Any) -> tuple[Any, ...]:
        return tuple(item.get(name) for name in self.key)

    def describe(self) -> Iterator[Line]:
        yield from _below("[*]" if self.indexed else "", self.rule)


def each(rule: Rule, *, key: str | tuple[str, ...] = (), indexed: bool = True) -> Rule:
    """Return a rule for every element of a list.

    Args:
        key: the fields that identify an element (scalars), by which its old value is found; by its index without.
        indexed: whether the path of an error has the index, as upstream's usually do.
    """
    return Each(rule, (key,) if isinstance(key, str) else key, indexed)


@dataclass(frozen=True)
class Entries(Rule):
    """Checks every entry of a map, in the order of the keys."""

    keys: Rule | None
    values: Rule | None
    keyed: bool = True

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: list[FieldError] = []
        before = old if type(old) is dict else {}
        for key in sorted(value):
            at = path.key(key) if self.keyed else path
            if self.keys is not None:
                errors.extend(self.keys.check(key, key if key in before else ABSENT, at, context))
            if self.values is not None and (value[key] is not None or self.values.wants_absent):
                errors.extend(self.values.check(value[key], before.get(key, ABSENT), at, context))
        return errors

    def describe(self) -> Iterator[Line]:
        name = "[*]" if self.keyed else ""
        if self.keys is not None:
            yield from (Line(name + line.path, f"key: {line.text}") for line in self.keys.describe())
        if self.values is not None:
            yield from _below(name, self.values)


def entries(keys: Rule | None = None, values: Rule | None = None, *, keyed: bool = True) -> Rule:
    """Return a rule for the keys and the values of a map.

    Args:
        keyed: whether the path of an error has the key (`data[a b]`); labels are an example of a map whose errors have not.
    """
    return Entries(keys, values, keyed)


@dataclass(frozen=True)
class AbsentAs(Rule):
    """Checks an absent value as Go's zero value of its type."""

    zero: Any
    rule: Rule
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        value = self.zero if value is None else value
        return self.rule.check(value, self.zero if old is None else old, path, context)

    def describe(self) -> Iterator[Line]:
        return self.rule.describe()


def absent_as(zero: Any, rule: Rule) -> Rule:
    """Return a rule that checks an absent value as `zero` ("", 0, {}): of a field that is no pointer in Go and must be checked anyway."""
    return AbsentAs(zero, rule)


def _below(name: str, rule: Rule) -> Iterator[Line]:
    for line in rule.describe():
        joined = f"{name}.{line.path}" if name and line.path and not line.path.startswith("[") else name + line.path
        yield Line(joined, line.text)
