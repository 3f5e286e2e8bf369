"""Rules that are Python functions: for what crosses fields, or what no combinator says."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import Line, Rule, RuleContext

Check = Callable[[Any, Any, Path, RuleContext], Iterable[FieldError]]


@dataclass(frozen=True)
class Function(Rule):
    """A check that is a function; `name` is that of upstream's function."""

    name: str
    run: Check = field(repr=False)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return self.run(value, old, path, context)

    def describe(self) -> Iterator[Line]:
        text = " ".join((self.run.__doc__ or "").partition("\n\n")[0].split()).removesuffix(".")
        yield Line("", f"{self.name}(): {text}" if text else f"{self.name}()")


def function(name: str, *, absent: bool = False) -> Callable[[Check], Rule]:
    """Make a rule of a function `(value, old, path, context) -> Iterator[FieldError]`.

    The first sentence of its docstring is what a listing says, after the name.

    Args:
        name: of the upstream function, e.g. "validateMetricSpec".
        absent: whether the function is called for an absent value (None), too.
    """

    def decorate(run: Check) -> Rule:
        return Function(name, run, wants_absent=absent)

    return decorate
