"""Structs that may not change.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go (ValidateImmutableField)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.changes import IMMUTABLE_WORDS
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext
from rootspan_apiserver.types.internal_form import printed
from rootspan_apiserver.types.tables import go_types


@dataclass(frozen=True)
class ImmutableStruct(Rule):
    """Refuses a change, and shows the new value as kube-apiserver has it internally."""

    name: str
    words: str = IMMUTABLE_WORDS
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        if old is ABSENT or same(value, old):
            return ()
        shown = None if value is None else printed(value, go_types().struct(self.name))
        return (FieldError.invalid(path, shown, self.words),)

    def describe(self) -> Iterator[Line]:
        yield Line("", "immutable" if self.words == IMMUTABLE_WORDS else f"immutable: “{self.words}”")


def immutable_struct(name: str, words: str = IMMUTABLE_WORDS) -> Rule:
    """Return the rule of a struct that no update may change; `name` is its type, such as "resource/v1.ResourceClaimSpec"."""
    return ImmutableStruct(name, words)
