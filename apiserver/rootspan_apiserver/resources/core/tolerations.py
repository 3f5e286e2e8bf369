"""Tolerations: the taints of nodes that a pod bears.

Upstream: pkg/apis/core/validation/validation.go (ValidateTolerations)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, each, function

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ALL = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'


@function("ValidateTolerations")
def _toleration(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Key, operator, value and effect fit each other."""
    operator, key, effect = value.get("operator") or "", value.get("key") or "", value.get("effect") or ""
    wanted = value.get("value") or ""
    if key:
        yield from (FieldError.invalid(path / "key", key, reason) for reason in qualified_name(key))
    elif operator != "Exists":
        yield FieldError.invalid(path / "operator", operator, _ALL)
    if value.get("tolerationSeconds") is not None and effect != "NoExecute":
        words = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield FieldError.invalid(path / "effect", effect, words)
    if operator in ("", "Equal"):
        if reasons := label_value(wanted):
            yield FieldError.invalid(path / "operator", wanted, ";".join(reasons))
    elif operator == "Exists":
        if wanted:
            yield FieldError.invalid(path / "operator", wanted, "value must be empty when `operator` is 'Exists'")
    else:
        yield FieldError.not_supported(path / "operator", operator, ("Equal", "Exists"))
    if effect and effect not in EFFECTS:
        yield FieldError.not_supported(path / "effect", effect, EFFECTS)


TOLERATIONS = each(_toleration)
