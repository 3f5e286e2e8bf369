"""The conditions of a status (`metav1.Condition`).

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (ValidateConditions)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

_STATUSES = ("False", "True", "Unknown")
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_WORDS = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', "
    "and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or "
    f"'ReasonA:ReasonB', regex used for validation is '{_REASON}')"
)
_REASON_LIMIT = 1024
_MESSAGE_LIMIT = 32 * 1024


@function("ValidateConditions")
def conditions(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a type that no other has, a status, a reason and a time."""
    seen = set()
    for index, condition in enumerate(value):
        kind = condition.get("type") or ""
        if kind in seen:
            yield FieldError.duplicate(path / index, kind)
        seen.add(kind)
        yield from _condition(condition, path / index)


def _condition(condition: JSONObject, path: Path) -> Iterator[FieldError]:
    if not (kind := condition.get("type") or ""):
        yield FieldError.required(path / "type", "is required")
    for reason in qualified_name(kind) if kind else ():
        yield FieldError.invalid(path / "type", kind, reason)
    if not (status := condition.get("status") or ""):
        yield FieldError.required(path / "status")
    elif status not in _STATUSES:
        yield FieldError.not_supported(path / "status", status, _STATUSES)
    if (observed := condition.get("observedGeneration") or 0) < 0:
        yield FieldError.invalid(path / "observedGeneration", observed, "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield FieldError.required(path / "lastTransitionTime")
    if not (given := condition.get("reason") or ""):
        yield FieldError.required(path / "reason")
    elif not re.fullmatch(_REASON, given):
        yield FieldError.invalid(path / "reason", given, _REASON_WORDS)
    if len(given.encode()) > _REASON_LIMIT:
        yield FieldError.too_long(path / "reason", _REASON_LIMIT)
    if len((condition.get("message") or "").encode()) > _MESSAGE_LIMIT:
        yield FieldError.too_long(path / "message", _MESSAGE_LIMIT)
