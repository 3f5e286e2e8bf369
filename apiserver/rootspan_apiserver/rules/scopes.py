"""What rules for a part know of the whole that the part is in: the volumes of a pod, for the mounts of its containers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import Line, Rule, RuleContext

Scope = Callable[[Any, Path, RuleContext], Any]


@dataclass(frozen=True)
class Within(Rule):
    """Runs a rule with a scope made of the value."""

    scope: Scope
    rule: Rule

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        scope = self.scope(value, path, context)
        return self.rule.check(value, old, path, replace(context, scope=scope))

    def describe(self) -> Iterator[Line]:
        return self.rule.describe()


def within(scope: Scope, rule: Rule) -> Rule:
    """Return `rule`, for which and inside which `context.scope` is what `scope(value, path, context)` returns."""
    return Within(scope, rule, wants_absent=rule.wants_absent)
