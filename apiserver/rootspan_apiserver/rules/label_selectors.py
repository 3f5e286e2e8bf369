"""Label selectors (`metav1.LabelSelector`) and maps of labels.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.immutable_structs import immutable_struct
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Rule, RuleContext
from rootspan_apiserver.rules.structures import each, struct
from rootspan_apiserver.rules.values import named
from rootspan_apiserver.types.tables import go_types

_TYPE = "meta/v1.LabelSelector"

immutable_selector = immutable_struct(_TYPE)
"""Refuses a change of a selector."""


def shown_in_errors(selector: JSONObject | None) -> JSONObject | None:
    """Return a selector as errors show it: in the order of its fields, without empty ones."""
    return None if selector is None else go_types().struct(_TYPE).write(selector)


@function("ValidateLabels")
def labels(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Keys are qualified names, values are label values; the errors are at the map."""
    for key in sorted(value):
        for reason in qualified_name(key):
            yield FieldError.invalid(path, key, reason)
        for reason in label_value(value[key] or ""):
            yield FieldError.invalid(path, value[key], reason)


def check_operator(operator: str, values: list[Any], path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the operator and the values of an expression at `path`, of a label selector or of a node selector."""
    if operator in ("In", "NotIn"):
        if not values:
            yield FieldError.required(path / "values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            words = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield FieldError.forbidden(path / "values", words)
    else:
        yield FieldError.invalid(path / "operator", operator, "not a valid selector operator")


@function("ValidateLabelSelectorRequirement")
def _requirement(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The operator is known and fits the values."""
    return check_operator(value.get("operator", ""), value.get("values") or [], path)


_KEY = struct(key=named(qualified_name))


def label_selector(*, any_value: bool = False) -> Rule:
    """Return the rule for a label selector.

    Args:
        any_value: upstream's AllowInvalidLabelValueInSelector: the values of expressions may be no label values. Kinds allow it on an
            update whose old selector has such a value already (`has_invalid_value`).
    """
    values = struct(values=each(named(label_value)))
    requirement = _requirement & _KEY if any_value else _requirement & _KEY & values
    return struct(matchLabels=labels, matchExpressions=each(requirement))


_STRICT = label_selector()
_LENIENT = label_selector(any_value=True)


@function("ValidateLabelSelector")
def ratcheting_label_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A label selector; invalid values in its expressions stay valid once they are stored."""
    rule = _LENIENT if old is not ABSENT and has_invalid_value(old) else _STRICT
    yield from rule.check(value, old, path, context)


def has_invalid_value(selector: JSONObject | None) -> bool:
    """Return whether an expression of the selector has a value that is no label value."""
    expressions = (selector or {}).get("matchExpressions") or []
    return any(label_value(value) for expression in expressions for value in expression.get("values") or [])
