"""`matches`, `find` and `findAll`, in Go's syntax and linear time.

Upstream: github.com/google/cel-go/common/types/string.go (Match), staging/src/k8s.io/apiserver/pkg/cel/library/regex.go
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import no_such_operator, no_such_overload

compiled = lru_cache(maxsize=512)(Pattern)
"""Return the pattern of a text; it is compiled once."""


def check_pattern(pattern: str) -> None:
    """Raise CELEvaluationError if a constant pattern is wrong."""
    try:
        compiled(pattern).steps()
    except ValueError as error:
        raise CELEvaluationError(str(error)) from None


def _matches(text: str, pattern: str) -> bool:
    try:
        return compiled(pattern).found_in(text)
    except ValueError as error:
        raise CELEvaluationError(str(error)) from None


def _find(text: str, pattern: str) -> str:
    return next(iter(_find_all(text, pattern, 1)), "")


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    try:
        return compiled(pattern).all_in(text, limit)
    except ValueError as error:
        raise CELEvaluationError(f"Illegal regex: {error}") from None


def _matches_any(text: Any, pattern: Any) -> bool:
    if not isinstance(text, str):
        raise no_such_operator("matches", text)
    if not isinstance(pattern, str):
        raise no_such_overload()
    return _matches(text, pattern)


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "matches": _matches,
    "matches_string": _matches,
    "string_find_string": _find,
    "string_find_all_string": _find_all,
    "string_find_all_string_int": _find_all,
}
DYNAMIC: Mapping[str, Callable[..., Any]] = {"matches": _matches_any}
