"""Rules for one value: presence, choices, numbers, lengths, names.

Each error has upstream's words; `words` replaces them where upstream's own differ in a place.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/{required,enum,limits}.go, pkg/apis/core/validation/validation.go
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import Guard, Line, Rule, RuleContext


@dataclass(frozen=True)
class Required(Guard):
    """The value must be there: not absent, and unless `nil_only` not Go's zero value either.

    Call it for words of its own: `required("must specify a metric name")`.
    """

    words: str = ""
    nil_only: bool = False
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        missing = value is None if self.nil_only else not value and value is not False
        return (FieldError.required(path, self.words),) if missing else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", ("not null" if self.nil_only else "required") + _quoted(self.words))

    def __call__(self, words: str) -> "Required":
        return Required(words, self.nil_only)


required = Required()
"""Refuses what is absent or "", 0, [] or {}: Go's `len(x) == 0`. The rules after it in `required & …` do not run then."""
not_nil = Required(nil_only=True)
"""Refuses what is absent; "", 0, [] and {} pass: Go's `x == nil`."""


@dataclass(frozen=True)
class Forbidden(Rule):
    """The field may not be set."""

    words: str
    empty: bool = False

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return (FieldError.forbidden(path, self.words),) if value or self.empty else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", "forbidden" + _quoted(self.words))


def forbidden(words: str, *, empty: bool = False) -> Rule:
    """Return a rule that refuses a field that is set; with `empty` also one that is [], {}, "" or 0 (a pointer in Go)."""
    return Forbidden(words, empty)


@dataclass(frozen=True)
class OneOf(Rule):
    """The value is one of a few."""

    choices: tuple[str, ...]

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return () if value in self.choices else (FieldError.not_supported(path, value, self.choices),)

    def describe(self) -> Iterator[Line]:
        shown = ", ".join(choice or '""' for choice in self.choices)
        yield Line("", f"one of {shown}")


def one_of(*choices: str) -> Rule:
    """Return a rule that refuses everything else as an `Unsupported value`, naming the choices in this order."""
    return OneOf(choices)


@dataclass(frozen=True)
class Bounds(Rule):
    """A number that is not below `low` and not above `high`."""

    low: float
    high: float
    words: str
    shown: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if type(value) is int and not self.low <= value <= self.high:
            return (FieldError.invalid(path, value, self.words),)
        return ()

    def describe(self) -> Iterator[Line]:
        yield Line("", self.shown)


_INFINITY = float("inf")


def minimum(low: int, *, words: str = "") -> Rule:
    """Return a rule for an integer that is at least `low`; what is no integer passes."""
    return Bounds(low, _INFINITY, words or f"must be greater than or equal to {low}", f"at least {low}")


def greater_than(low: int, *, words: str = "") -> Rule:
    """Return a rule for an integer that is greater than `low`."""
    return Bounds(low + 1, _INFINITY, words or f"must be greater than {low}", f"greater than {low}")


def maximum(high: int, *, words: str = "") -> Rule:
    """Return a rule for an integer that is at most `high`."""
    return Bounds(-_INFINITY, high, words or f"must be less than or equal to {high}", f"at most {high}")


def between(low: int, high: int, *, words: str = "") -> Rule:
    """Return a rule for an integer in a range, both ends included."""
    return Bounds(low, high, words or f"must be between {low} and {high}, inclusive", f"between {low} and {high}")


not_negative = minimum(0)
positive = greater_than(0)


@dataclass(frozen=True)
class MaxLength(Rule):
    """A text of at most so many bytes (of UTF-8), or characters."""

    limit: int
    unit: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if len(value) * 4 <= self.limit:
            return ()
        length = len(value.encode()) if self.unit == "bytes" else len(value)
        return (FieldError.too_long(path, self.limit, self.unit),) if length > self.limit else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", f"at most {self.limit} {self.unit}")


def max_length(limit: int, *, unit: str = "bytes") -> Rule:
    """Return a rule for a text of at most `limit` bytes, or "characters"."""
    return MaxLength(limit, unit)


@dataclass(frozen=True)
class MaxItems(Guard):
    """A list or map of at most so many items; the rules that follow do not look at more."""

    limit: int

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return (FieldError.too_many(path, len(value), self.limit),) if len(value) > self.limit else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", f"at most {self.limit} items")


def max_items(limit: int) -> Rule:
    """Return a rule for a list or map with at most `limit` items."""
    return MaxItems(limit)


@dataclass(frozen=True)
class Named(Rule):
    """A value that a function of `kube.names` has no reason against."""

    rule: Callable[[Any], list[str]]
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        reasons = self.rule(value)
        return [FieldError.invalid(path, value, self.words or reason) for reason in reasons] if reasons else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", f"a {self.rule.__name__.replace('_', ' ')}")


def named(rule: Callable[[Any], list[str]], *, words: str = "") -> Rule:
    """Return a rule for a name: `rule` is a function of `kube.names` (`dns_label`, `port_number`, …), each of whose reasons is an error.

    An empty text is checked too: write `required & named(…)`, or `unless_empty(named(…))` where upstream checks `len(x) > 0`.
    """
    return Named(rule, words)


@dataclass(frozen=True)
class UnlessEmpty(Rule):
    """Checks what is neither absent nor empty."""

    rule: Rule

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return self.rule.check(value, old, path, context) if value else ()

    def describe(self) -> Iterator[Line]:
        return self.rule.describe()


def unless_empty(rule: Rule) -> Rule:
    """Return `rule` for a value that is neither absent nor "", 0, [] or {}."""
    return UnlessEmpty(rule)


def _quoted(words: str) -> str:
    return f": “{words}”" if words else ""
