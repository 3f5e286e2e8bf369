"""The errors of expressions.

Upstream: github.com/google/cel-go/common/error.go, staging/src/k8s.io/apiserver/pkg/cel/errors.go
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CELIssue:
    """One fault of an expression. `line` counts from 1, `column` from 0, in code points."""

    line: int
    column: int
    message: str


class CELSyntaxError(ValueError):
    """An expression does not parse or its types do not fit. The text of the error is that of cel-go, with the faulty lines."""

    def __init__(self, text: str, issues: Sequence[CELIssue]) -> None:
        self.issues = tuple(issues)
        super().__init__(text)


class CELEvaluationError(Exception):
    """An evaluation has no value, such as for `no such key: a`. `cost` is the cost of the evaluation until then."""

    cost: int = 0


class CostLimitExceededError(CELEvaluationError):
    """An evaluation was stopped at its limit of cost."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")
