"""The conditions of flow schemas and priority levels.

Upstream: pkg/apis/flowcontrol/validation/validation.go (ValidateFlowSchemaStatus, ValidatePriorityLevelConfigurationStatus)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function, struct


@function("ValidateFlowSchemaStatus")
def _conditions(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a type, which no other has."""
    seen: set[str] = set()
    for index, condition in enumerate(value):
        kind = condition.get("type") or ""
        if kind in seen:
            yield FieldError.duplicate(path / index / "type", kind)
        seen.add(kind)
        if not kind:
            yield FieldError.required(path / index / "type", "must not be empty")


STATUS = struct(conditions=_conditions)
