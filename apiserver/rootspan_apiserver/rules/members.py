"""Rules for what members of a list or of a union may be there together.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/{union,each}.go
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext


@dataclass(frozen=True)
class Unique(Rule):
    """No two elements of a list are equal, or have equal values in a field."""

    by: tuple[str, ...]
    at_field: bool

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if len(value) < 2:
            return ()
        errors = []
        seen: set[object] = set()
        for index, item in enumerate(value):
            key = self._key(item)
            if key is None:
                continue
            if key in seen:
                at = path / index
                if self.at_field:
                    errors.append(FieldError.duplicate(at / self.by[0], item[self.by[0]]))
                else:
                    shown = {name: item[name] for name in self.by if name in item} if self.by else item
                    errors.append(FieldError.duplicate(at, shown))
            seen.add(key)
        return errors

    def _key(self, item: Any) -> object:
        """Return the identity of an element; None where a field that would be it is absent or empty."""
        if self.at_field:
            return item.get(self.by[0]) or None
        if self.by:
            return tuple(item.get(name) for name in self.by)
        return item if isinstance(item, str | int) else orjson.dumps(item, option=orjson.OPT_SORT_KEYS)

    def describe(self) -> Iterator[Line]:
        yield Line("", f"unique by {', '.join(self.by)}" if self.by else "unique")


def unique(by: str | tuple[str, ...] = ()) -> Rule:
    """Return a rule for a list without duplicates.

    Args:
        by: a field (the error is at that field of the second element, empty values do not count), or several (the error is at the
            element and shows them); without, whole elements are compared.
    """
    return Unique((by,), at_field=True) if isinstance(by, str) else Unique(by, at_field=False)


@dataclass(frozen=True)
class Union(Rule):
    """Exactly one of several fields of a struct is set, which is the rule for Go's pointers of alternatives."""

    members: tuple[str, ...]
    none: str
    more: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        found = [member for member in self.members if value.get(member) is not None]
        if not found:
            return (FieldError.required(path, self.none),) if self.none else ()
        return [FieldError.forbidden(path / member, self.more) for member in found[1:]]

    def describe(self) -> Iterator[Line]:
        yield Line("", f"{'exactly' if self.none else 'at most'} one of {', '.join(self.members)}")


def union(*members: str, none: str = "", more: str) -> Rule:
    """Return a rule for a struct of which one member is set.

    Args:
        none: the words where no member is set (a `Required value` at the struct); "" where that is fine.
        more: the words for each member after the first (a `Forbidden` at the member).
    """
    return Union(members, none, more)


@dataclass(frozen=True)
class Alternatives(Rule):
    """One of several fields of a struct is set, and valid: upstream checks the first alone, in the order of the fields."""

    members: Mapping[str, Rule]
    none: str
    more: str
    shown: Mapping[str, str]
    inside: Mapping[str, str]

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        found = [member for member in self.members if value.get(member) is not None]
        if not found:
            return (FieldError.required(path, self.none),)
        first = found[0]
        before = old.get(first) if isinstance(old, dict) else ABSENT
        errors = list(self.members[first].check(value[first], before, path / self.inside.get(first, first), context))
        errors += [FieldError.forbidden(path / self.shown.get(member, member), self.more) for member in found[1:]]
        return errors

    def describe(self) -> Iterator[Line]:
        yield Line("", f"exactly one of {', '.join(self.members)}")
        for member, rule in self.members.items():
            for line in rule.describe():
                separator = "" if not line.path or line.path.startswith("[") else "."
                yield Line(f"{self.inside.get(member, member)}{separator}{line.path}", line.text)


def alternatives(
    members: Mapping[str, Rule],
    *,
    none: str,
    more: str,
    shown: Mapping[str, str] = MappingProxyType({}),
    inside: Mapping[str, str] = MappingProxyType({}),
) -> Rule:
    """Return a rule for a struct with one of several members.

    Args:
        members: each with its rule, in upstream's order.
        none: the words where no member is set (a `Required value` at the struct).
        more: the words for each member after the first (a `Forbidden` at the member).
        shown: members that upstream spells differently in that error.
        inside: members that upstream spells differently in the errors of what they hold.
    """
    return Alternatives(members, none, more, shown, inside)


@dataclass(frozen=True)
class AtMostOne(Rule):
    """Some fields of a struct exclude each other; the error shows the whole struct."""

    members: tuple[str, ...]
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if sum(value.get(member) is not None for member in self.members) > 1:
            return (FieldError.invalid(path, value, self.words),)
        return ()

    def describe(self) -> Iterator[Line]:
        yield Line("", f"at most one of {', '.join(self.members)}: “{self.words}”")


def at_most_one(*members: str, words: str) -> Rule:
    """Return a rule for a struct whose fields `members` exclude each other."""
    return AtMostOne(members, words)
