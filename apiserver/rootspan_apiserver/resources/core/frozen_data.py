"""What may change in a ConfigMap or a Secret that is marked as immutable: nothing.

Upstream: pkg/apis/core/validation/validation.go (ValidateConfigMapUpdate, ValidateSecretUpdate)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, Rule, RuleContext, function

WORDS = "field is immutable when `immutable` is set"


def frozen_when_immutable(*fields: str) -> Rule:
    """Return a rule for an object whose `fields` may not change once its field `immutable` is true."""

    @function("ValidateImmutableData")
    def frozen(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """Nothing changes once `immutable` is true."""
        if not old.get("immutable"):
            return
        if not value.get("immutable"):
            yield FieldError.forbidden(path / "immutable", WORDS)
        for field in fields:
            if (value.get(field) or {}) != (old.get(field) or {}):
                yield FieldError.forbidden(path / field, WORDS)

    return frozen
