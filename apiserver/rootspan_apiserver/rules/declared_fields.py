"""How the rules of tags run: the steps of a field, the elements of a list or map, the checks and fields of a struct.

Upstream: staging/src/k8s.io/code-generator/cmd/validation-gen/validation.go,
staging/src/k8s.io/apimachinery/pkg/api/validate/{each,subfield}.go
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.declared_table import Shape
from rootspan_apiserver.rules.declared_tags import Match
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext

_ZERO = {"string": "", "int": 0, "bool": False, "struct": {}, "list": [], "map": {}}


def filled(value: Any, shape: Shape) -> Any:
    """Return the value that Go has for a field: its zero value where JSON has none and the field is no pointer."""
    return _ZERO.get(shape) if value is None else value


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rule of a field.

    `stops`: after an error, the steps that do not stop, and what is inside the field, do not run. `silent`: its errors are not returned.
    `cohort`: the subfield whose steps stop each other; "" for those of the field itself.
    """

    rule: Rule
    stops: bool = False
    silent: bool = False
    cohort: str = ""

    def run(self, value: Any, old: Any, path: Path, context: RuleContext) -> list[FieldError]:
        if value is None and not self.rule.wants_absent:
            return []
        return list(self.rule.check(value, old, path, context))


@dataclass(frozen=True, kw_only=True)
class DeclaredField(Rule):
    """A field of a struct; `name` is "" where JSON inlines it. Checks the struct, of which it takes its field."""

    name: str
    shape: Shape
    steps: tuple[Step, ...]
    inside: Rule | None

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        found, before = value, old
        if self.name:
            found = filled(value.get(self.name), self.shape)
            before = filled(old.get(self.name), self.shape) if type(old) is dict else ABSENT
            path = path / self.name
        if context.update and before is not ABSENT and same(found, before):
            return
        for cohort in dict.fromkeys(["", *(step.cohort for step in self.steps)]):
            stopped = False
            steps = [step for step in self.steps if step.cohort == cohort]
            for step in sorted(steps, key=lambda step: not step.stops):
                if stopped and not step.stops:
                    break
                errors = step.run(found, before, path, context)
                stopped = stopped or (step.stops and bool(errors))
                if not step.silent:
                    yield from errors
            if stopped and not cohort:
                return
        if self.inside is not None and found is not None:
            yield from self.inside.check(found, before, path, context)

    def describe(self) -> Iterator[Line]:
        for step in self.steps:
            if not step.silent:
                yield from _below(self.name, step.rule)
        if self.inside is not None:
            yield from _below(self.name, self.inside)


@dataclass(frozen=True)
class DeclaredStruct(Rule):
    """A struct: the checks of the type itself, then its fields in their order."""

    checks: tuple[Rule, ...]
    fields: tuple[DeclaredField, ...]

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        for rule in (*self.checks, *self.fields):
            yield from rule.check(value, old, path, context)

    def describe(self) -> Iterator[Line]:
        for rule in (*self.checks, *self.fields):
            yield from rule.describe()


@dataclass(frozen=True)
class Elements(Rule):
    """The elements of a list. Those that match an old element and equal it are not checked in an update; without `match` all are new."""

    match: Match | None
    rule: Rule

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        earlier = old if self.match is not None and type(old) is list else ()
        for index, item in enumerate(value):
            before = next((other for other in earlier if self.match is not None and self.match(other, item)), ABSENT)
            if not (context.update and before is not ABSENT and same(item, before)):
                yield from self.rule.check(item, before, path / index, context)

    def describe(self) -> Iterator[Line]:
        yield from _below("[*]", self.rule)


@dataclass(frozen=True)
class MapEntries(Rule):
    """The keys or the values of a map, in the order of the keys. A key's error is at the map, a value's at its key."""

    keys: Rule | None
    values: Rule | None

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        earlier = old if type(old) is dict else {}
        for key in sorted(value):
            if self.keys is not None and not (context.update and key in earlier):
                yield from self.keys.check(key, ABSENT, path, context)
            before = earlier.get(key, ABSENT)
            if self.values is not None and not (context.update and before is not ABSENT and same(value[key], before)):
                yield from self.values.check(value[key], before, path.key(key), context)

    def describe(self) -> Iterator[Line]:
        if self.keys is not None:
            yield from (Line(line.path, f"key: {line.text}") for line in self.keys.describe())
        if self.values is not None:
            yield from _below("[*]", self.values)


@dataclass(frozen=True)
class Subfield(Rule):
    """A rule for a field of the struct that a field holds."""

    name: str
    shape: Shape
    rule: Rule
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        found = filled((value or {}).get(self.name), self.shape)
        before = filled(old.get(self.name), self.shape) if type(old) is dict else ABSENT
        if context.update and before is not ABSENT and same(found, before):
            return ()
        return (
            self.rule.check(found, before, path / self.name, context)
            if found is not None or self.rule.wants_absent
            else ()
        )

    def describe(self) -> Iterator[Line]:
        yield from _below(self.name, self.rule)


def _below(name: str, rule: Rule) -> Iterator[Line]:
    for line in rule.describe():
        joined = f"{name}.{line.path}" if name and line.path and not line.path.startswith("[") else name + line.path
        yield Line(joined, line.text)
