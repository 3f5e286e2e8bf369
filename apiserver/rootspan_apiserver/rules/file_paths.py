"""Paths of files, as volumes have them.

Upstream: pkg/apis/core/validation/validation.go (validateLocalDescendingPath, validatePathNoBacksteps, ValidateLocalNonReservedPath)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext


@function("validatePathNoBacksteps")
def no_backsteps(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No element is `..`."""
    if ".." in value.split("/"):
        yield FieldError.invalid(path, value, "must not contain '..'")


@function("IsAbs")
def absolute_path(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It begins with a slash."""
    if not value.startswith("/"):
        yield FieldError.invalid(path, value, "must be an absolute path")


@function("IsAbs")
def _relative(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It does not begin with a slash."""
    if value.startswith("/"):
        yield FieldError.invalid(path, value, "must be a relative path")


@function("ValidateLocalNonReservedPath")
def _not_reserved(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Its first element does not begin with `..`."""
    if value.startswith("..") and not value.startswith("../"):
        yield FieldError.invalid(path, value, "must not start with '..'")


descending_path = _relative & no_backsteps
"""A path below the place that it is relative to."""
local_path = descending_path & _not_reserved
"""The path of a file in a volume, whose names that begin with `..` are reserved."""
