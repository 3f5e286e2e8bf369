"""One requirement of a label selector.

Upstream: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Requirement)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rootspan_apiserver.kube.go_numbers import parse_int
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError, listed

LONG = 4096
"""The characters of a selector from which it is long: few of those are remembered."""
Operator = Literal["in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one label must be.

    Raises:
        ValueError: the key, the operator and the values do not form a requirement, with Go's message.
    """

    key: str
    operator: Operator
    values: tuple[str, ...] = ()
    _values: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", frozenset(self.values))
        if errors := list(self._errors()):
            raise ValueError(listed(errors))

    def _errors(self) -> Iterator[FieldError]:
        if reasons := qualified_name(self.key):
            yield FieldError.invalid("key", self.key, "; ".join(reasons))
        if self.operator in ("in", "notin") and not self.values:
            yield FieldError.invalid("values", None, "for 'in', 'notin' operators, values set can't be empty")
        if self.operator in ("exists", "!") and self.values:
            detail = "values set must be empty for exists and does not exist"
            yield FieldError.invalid("values", list(self.values), detail)
        if self.operator in ("gt", "lt") and _integer(self.values[0]) is None:
            detail = "for 'Gt', 'Lt' operators, the value must be an integer"
            yield FieldError.invalid("values[0]", self.values[0], detail)
        for index, value in enumerate(self.values):
            if reasons := label_value(value):
                yield FieldError.invalid(f"values[{index}][{self.key}]", value, "; ".join(reasons))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the label is as required. An absent label is unequal to every value."""
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=" | "==":
                return value is not None and value in self._values
            case "notin" | "!=":
                return value is None or value not in self._values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "gt" | "lt":
                if value is None or (number := _integer(value)) is None:
                    return False
                return number > int(self.values[0]) if self.operator == "gt" else number < int(self.values[0])

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


def _integer(text: str) -> int | None:
    """Return the integer of 64 bits, None if `text` is something else."""
    try:
        return parse_int(text)
    except ValueError:
        return None
