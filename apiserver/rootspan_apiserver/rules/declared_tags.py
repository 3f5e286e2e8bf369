"""The rules of single tags: what `+k8s:maxItems=8` or `+k8s:unionMember` says of a value.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate/{enum,each,immutable,limits,required,union,update,zeroorone}.go
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.declared_table import Shape, Word
from rootspan_apiserver.rules.formats import FORMATS
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext
from rootspan_apiserver.rules.values import (
    forbidden,
    max_items,
    max_length,
    maximum,
    minimum,
    not_nil,
    one_of,
    required,
)

STOPPING = frozenset({"forbidden", "immutable", "maxItems", "optional", "required", "update"})
"""The tags that run before the others of their field, and after whose errors the others do not run."""

_OF_STRUCTS = ("discriminator", "isSubresource", "supportsSubresource", "unionMember", "zeroOrOneOfMember")
_OF_LISTS = ("customUnique", "listMapKey", "listType", "unique")
OUTSIDE_FIELDS = frozenset((*_OF_STRUCTS, *_OF_LISTS, "default", "update"))
"""The tags of a field that say something about its struct, its list or its subresources, and not about its value alone."""


def value_rule(word: Word, shape: Shape) -> Rule:
    """Return the rule of a tag that looks at one value only."""
    match word.name:
        case "enum":
            return one_of(*sorted(word.argument.split(",")))
        case "forbidden":
            return forbidden("", empty=shape == "pointer")
        case "format":
            return FORMATS[word.value]
        case "immutable":
            return IMMUTABLE
        case "maxBytes":
            return max_length(int(word.value))
        case "maxItems":
            return max_items(int(word.value))
        case "maxLength":
            return max_length(int(word.value), unit="characters")
        case "maximum":
            return maximum(int(word.value))
        case "minimum":
            return minimum(int(word.value))
        case "optional" | "required":
            return not_nil if shape == "pointer" else required
        case _:
            raise LookupError(f"no rule for the tag {word.name}")


def is_set(value: Any, shape: Shape) -> bool:
    """Return whether Go would see a field as set: a pointer that is not nil, or a value that is not the zero value of its type."""
    return value is not None if shape == "pointer" else bool(value)


@dataclass(frozen=True)
class DeclaredImmutable(Rule):
    """No update may change the field. It is asked only about a field that an update does change."""

    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return (FieldError.invalid(path, None, "field is immutable"),) if context.update else ()

    def describe(self) -> Iterator[Line]:
        yield Line("", "immutable")


IMMUTABLE = DeclaredImmutable()

UPDATES = {
    "NoSet": "field cannot be set once created",
    "NoUnset": "field cannot be cleared once set",
    "NoModify": "field cannot be modified once set",
}


@dataclass(frozen=True)
class Updates(Rule):
    """The changes that an update may not make: `constraints` are the values of `+k8s:update`, in upstream's order."""

    constraints: tuple[str, ...]
    shape: Shape
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if not context.update or old is ABSENT:
            return ()
        before, after = (True, True) if self.shape == "struct" else (is_set(old, self.shape), is_set(value, self.shape))
        happened = {"NoSet": after and not before, "NoUnset": before and not after, "NoModify": before and after}
        return [FieldError.invalid(path, None, UPDATES[name]) for name in self.constraints if happened[name]]

    def describe(self) -> Iterator[Line]:
        yield Line("", f"update: {', '.join(self.constraints)}")


Match = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Distinct(Rule):
    """No element of a list matches another; each later one is shown whole."""

    match: Match
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        for index, item in enumerate(value or ()):
            if any(self.match(item, earlier) for earlier in value[:index]):
                yield FieldError.duplicate(path / index, item)

    def describe(self) -> Iterator[Line]:
        yield Line("", self.words)


@dataclass(frozen=True)
class DeclaredUnionMembers(Rule):
    """Exactly one of the members of a struct is set, or at most one: fields, or the elements of a list that have a certain key.

    What an update did not set or clear is not checked again.
    """

    members: tuple[tuple[str, Callable[[Any], bool]], ...]
    at_most_one: bool

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        has_old = old is not ABSENT and old is not None
        found = [name for name, is_member_set in self.members if is_member_set(value)]
        if context.update and has_old and found == [name for name, is_member_set in self.members if is_member_set(old)]:
            return ()
        everything = ", ".join(f"`{name}`" for name, _ in self.members)
        if len(found) > 1:
            amount = "at most" if self.at_most_one else "exactly"
            return (FieldError.invalid(path, f"{{{', '.join(found)}}}", f"must specify {amount} one of: {everything}"),)
        if not found and not self.at_most_one:
            return (FieldError.invalid(path, "", f"must specify one of: {everything}"),)
        return ()

    def describe(self) -> Iterator[Line]:
        yield Line(
            "", f"{'at most' if self.at_most_one else 'exactly'} one of {', '.join(name for name, _ in self.members)}"
        )


def union_of(members: list[tuple[str, Shape]], *, at_most_one: bool) -> Rule:
    """Return the rule of a struct of whose fields exactly one, or at most one, is set."""
    return DeclaredUnionMembers(tuple((name, _FieldIsSet(name, shape)) for name, shape in members), at_most_one)


@dataclass(frozen=True)
class _FieldIsSet:
    """Tells whether a field of a struct is set."""

    name: str
    shape: Shape

    def __call__(self, struct: Any) -> bool:
        return is_set(struct.get(self.name), self.shape)


@dataclass(frozen=True)
class Discriminated(Rule):
    """What a field of a struct must be for each value of another field of it; forbidden for all other values."""

    name: str
    discriminator: str
    rules: tuple[tuple[str, Rule], ...]
    otherwise: Rule

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        kind, found = value.get(self.discriminator) or "", value.get(self.name)
        before = old.get(self.name) if type(old) is dict else ABSENT
        if context.update and type(old) is dict and kind == (old.get(self.discriminator) or "") and same(found, before):
            return ()
        rule = dict(self.rules).get(kind, self.otherwise)
        return rule.check(found, before, path / self.name, context) if found is not None or rule.wants_absent else ()

    def describe(self) -> Iterator[Line]:
        for kind, rule in self.rules:
            yield from (
                Line(self.name, f"when {self.discriminator} is {kind}: {line.text}") for line in rule.describe()
            )
        yield Line(self.name, f"forbidden for any other {self.discriminator}")
