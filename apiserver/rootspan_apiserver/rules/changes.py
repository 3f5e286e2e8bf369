"""Rules for when a value is checked: on create or update, when something holds, unless it did not change; and what may not change.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go (ValidateImmutableField), pkg/api/validate/immutable.go
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext

IMMUTABLE_WORDS = "field is immutable"


@dataclass(frozen=True)
class Immutable(Rule):
    """The value may not change in an update. Null, absent and empty lists and maps are the same (`kube.comparison.same`).

    Call it for words of its own, or for another kind of error: `immutable("cannot change roleRef")`, `immutable("…", forbid=True)`.
    """

    words: str = IMMUTABLE_WORDS
    forbid: bool = False
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if old is ABSENT or value == old or same(value, old):
            return ()
        if self.forbid:
            return (FieldError.forbidden(path, self.words),)
        return (FieldError.invalid(path, value, self.words),)

    def describe(self) -> Iterator[Line]:
        yield Line("", "immutable" if self.words == IMMUTABLE_WORDS else f"immutable: “{self.words}”")

    def __call__(self, words: str = IMMUTABLE_WORDS, *, forbid: bool = False) -> "Immutable":
        return Immutable(words, forbid)


immutable = Immutable()
"""Refuses a change with `Invalid value: …: field is immutable`."""


@dataclass(frozen=True)
class When(Rule):
    """Checks where a predicate holds."""

    predicate: Callable[[Any, Any, RuleContext], bool]
    rule: Rule
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return self.rule.check(value, old, path, context) if self.predicate(value, old, context) else ()

    def describe(self) -> Iterator[Line]:
        yield from (Line(line.path, f"{self.words}: {line.text}") for line in self.rule.describe())


def when(predicate: Callable[[Any], bool], rule: Rule, *, words: str) -> Rule:
    """Return `rule` for values for which `predicate` holds.

    Args:
        predicate: of the value that the rule checks: for a condition on a sibling, put the rule on the struct.
        words: the condition in a listing, e.g. "type is ExternalName".
    """
    return When(lambda value, old, context: predicate(value), rule, f"when {words}", wants_absent=rule.wants_absent)


def on_create(rule: Rule) -> Rule:
    """Return `rule` for creations only."""
    return When(_is_create, rule, "on create", wants_absent=rule.wants_absent)


def on_update(rule: Rule) -> Rule:
    """Return `rule` for values that an update may have changed: where there is an old value (that may be null) to compare with."""
    return When(_is_update, rule, "on update", wants_absent=rule.wants_absent)


def unless_unchanged(rule: Rule) -> Rule:
    """Return `rule` for values that differ from the old one: what was stored before the rule existed stays valid (ratcheting)."""
    return When(_has_changed, rule, "if changed", wants_absent=rule.wants_absent)


def _is_create(value: Any, old: Any, context: RuleContext) -> bool:
    return not context.update


def _is_update(value: Any, old: Any, context: RuleContext) -> bool:
    return context.update and old is not ABSENT


def _has_changed(value: Any, old: Any, context: RuleContext) -> bool:
    return old is ABSENT or not same(value, old)


@dataclass(frozen=True)
class FirstError(Rule):
    """Runs rules until one fails."""

    rules: tuple[Rule, ...]

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        for rule in self.rules:
            if value is None and not rule.wants_absent:
                continue
            if errors := list(rule.check(value, old, path, context)):
                return errors
        return ()

    def describe(self) -> Iterator[Line]:
        for rule in self.rules:
            yield from rule.describe()


def first_error(*rules: Rule) -> Rule:
    """Return a rule that runs `rules` until one of them fails: Go's `if … else if …`."""
    return FirstError(rules, wants_absent=any(rule.wants_absent for rule in rules))
