"""The conditions of a status (`metav1.Condition`).

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (ValidateConditions)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

REASON_LIMIT = 1024
MESSAGE_LIMIT = 32 * 1024
STATUSES = ("False", "True", "Unknown")
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_NOT_A_REASON = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must"
    " end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB',"
    f" regex used for validation is '{_REASON}')"
)


@function("ValidateConditions")
def conditions(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a type that no other has, a status, a reason and a time."""
    seen: set[str] = set()
    for index, condition in enumerate(value):
        at = path / index
        kind = condition.get("type") or ""
        if kind in seen:
            yield FieldError.duplicate(at / "type", kind)
        seen.add(kind)
        yield from (FieldError.invalid(at / "type", kind, reason) for reason in qualified_name(kind))
        if condition.get("status") not in STATUSES:
            yield FieldError.not_supported(at / "status", condition.get("status") or "", STATUSES)
        if (generation := condition.get("observedGeneration") or 0) < 0:
            yield FieldError.invalid(at / "observedGeneration", generation, "must be greater than or equal to zero")
        if not condition.get("lastTransitionTime"):
            yield FieldError.required(at / "lastTransitionTime")
        yield from _texts(condition, at)


def _texts(condition: dict[str, Any], at: Path) -> Iterator[FieldError]:
    reason, message = condition.get("reason") or "", condition.get("message") or ""
    if not reason:
        yield FieldError.required(at / "reason")
    elif not re.fullmatch(_REASON, reason):
        yield FieldError.invalid(at / "reason", reason, _NOT_A_REASON)
    if len(reason.encode()) > REASON_LIMIT:
        yield FieldError.too_long(at / "reason", REASON_LIMIT)
    if len(message.encode()) > MESSAGE_LIMIT:
        yield FieldError.too_long(at / "message", MESSAGE_LIMIT)
