"""The errors of expressions.

Upstream: github.com/google/cel-go/common/error.go, errors.go, source.go; staging/src/k8s.io/apiserver/pkg/cel/errors.go
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_ISSUES = 100
_LONGEST_SNIPPET = 16384
"""In bytes."""


@dataclass(frozen=True, slots=True)
class CELIssue:
    """One fault of an expression. `line` counts from 1, `column` from 0, in code points. Without a place they are -1."""

    line: int
    column: int
    message: str


class CELSyntaxError(ValueError):
    """An expression does not parse or its types do not fit. The text of the error is that of cel-go, with the faulty lines."""

    def __init__(self, text: str, issues: Sequence[CELIssue]) -> None:
        self.issues = tuple(sorted(issues[:_MOST_ISSUES], key=lambda issue: (issue.line, issue.column)))
        lines = text.split("\n") if text else []
        shown = [_shown(issue, lines) for issue in self.issues]
        if len(issues) > _MOST_ISSUES:
            shown.append(f"{len(issues) - _MOST_ISSUES} more errors were truncated")
        super().__init__("\n".join(shown))


class CELEvaluationError(Exception):
    """An evaluation has no value, such as for `no such key: a`. `cost` is the cost of the evaluation until then."""

    cost: int = 0


class CostLimitExceededError(CELEvaluationError):
    """An evaluation was stopped at its limit of cost."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class IssuePlaces:
    """The lines of a text, by which an offset becomes the place of an issue."""

    def __init__(self, text: str) -> None:
        self._starts = [0] + [offset + 1 for offset, character in enumerate(text) if character == "\n"]

    def issue(self, offset: int, message: str) -> CELIssue:
        """Return the issue at an offset, in code points."""
        line = bisect_right(self._starts, offset)
        return CELIssue(line, offset - self._starts[line - 1], message)


def _shown(issue: CELIssue, lines: Sequence[str]) -> str:
    shown = f"ERROR: <input>:{issue.line}:{issue.column + 1}: {issue.message}"
    if not 1 <= issue.line <= len(lines) or len(lines[issue.line - 1].encode()) > _LONGEST_SNIPPET:
        return shown
    snippet = lines[issue.line - 1].replace("\t", " ")
    # Fullwidth marks below characters that are not ASCII.
    marks = "".join("." if character.isascii() else "\uff0e" for character in snippet[: max(issue.column, 0)])
    wide = not snippet[issue.column : issue.column + 1].isascii()
    return f"{shown}\n | {snippet}\n | {marks}{chr(0xFF3E) if wide else '^'}"
