"""The rule: what every check of an object is made of.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/README.md
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Final, Literal

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "ABSENT"


ABSENT: Final[Literal[Absent.ABSENT]] = Absent.ABSENT
"""The old value where there is none to compare with: on create, and for an element of a list that is new."""


def do_not_warn(text: str) -> None:
    """Drop a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """The write that a check is part of.

    `root` and `old_root` are the whole objects (`old_root` is None on create), `subresource` is "" for the resource itself. `scope` is
    what an enclosing `within(…)` made for the rules inside it; `warn` adds a warning to the response.
    """

    update: bool
    root: JSONObject
    old_root: JSONObject | None = None
    subresource: str = ""
    scope: Any = None
    warn: Callable[[str], None] = do_not_warn


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in a listing: the field it is for, relative to the rule that lists it, and what it says."""

    path: str
    text: str


@dataclass(frozen=True)
class Rule:
    """A check of one value.

    `wants_absent`: whether the rule checks a field that is absent or null (None) too; others are skipped then.
    """

    wants_absent: bool = field(default=False, kw_only=True)
    stops: ClassVar[bool] = False

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        """Return what is wrong with `value`, in upstream's order.

        Args:
            value: JSON; None where the field is absent.
            old: the value before the update, None where the field was absent, ABSENT where there is nothing to compare with.
            path: the place of the value, for the errors.
        """
        raise NotImplementedError

    def describe(self) -> Iterator[Line]:
        """Yield the lines of a listing."""
        raise NotImplementedError

    def __and__(self, other: "Rule") -> "Rule":
        return both(self, other)


@dataclass(frozen=True)
class All(Rule):
    """Runs rules in order; after one that fails and `stops`, not the rest."""

    rules: tuple[Rule, ...] = ()

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: list[FieldError] = []
        for rule in self.rules:
            if value is None and not rule.wants_absent:
                continue
            # A rule that finds nothing returns (), which is by far the usual case.
            if found := rule.check(value, old, path, context):
                before = len(errors)
                errors.extend(found)
                if rule.stops and len(errors) > before:
                    break
        return errors

    def describe(self) -> Iterator[Line]:
        for rule in self.rules:
            yield from rule.describe()


@dataclass(frozen=True)
class Guard(Rule):
    """A rule after whose error the rules that follow it with `&` are not run."""

    stops: ClassVar[bool] = True


def both(*rules: Rule) -> Rule:
    """Return a rule that runs all of `rules` in order, as `a & b` does."""
    flat: list[Rule] = []
    for rule in rules:
        if isinstance(rule, All):
            flat += rule.rules
        else:
            flat.append(rule)
    return All(tuple(flat), wants_absent=any(rule.wants_absent for rule in flat))


NOTHING: Rule = All(())
"""Lets everything through."""
