"""The selectors that a review of access may ask about. Operators that are not known are accepted: the authorizers leave them out.

Upstream: pkg/apis/authorization/validation/validation.go (validateResourceAttributes)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function, struct
from rootspan_apiserver.rules.label_selectors import check_operator

_KNOWN = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


@function("validateFieldSelectorAttributes")
def _field_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A text or requirements, whose operators fit the values."""
    yield from _one_form(value, path)
    for index, requirement in enumerate(value.get("requirements") or ()):
        at = path / "requirements" / index
        if not requirement.get("key"):
            yield FieldError.required(at / "key", "must be specified")
        yield from _operator(requirement, at)


@function("validateLabelSelectorAttributes")
def _label_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A text or requirements, whose operators fit the values, with keys and values that labels can have."""
    yield from _one_form(value, path)
    for index, requirement in enumerate(value.get("requirements") or ()):
        at, key = path / "requirements" / index, requirement.get("key") or ""
        yield from _operator(requirement, at)
        yield from (FieldError.invalid(at / "key", key, reason) for reason in qualified_name(key))
        for number, text in enumerate(requirement.get("values") or ()):
            yield from (FieldError.invalid(at / "values" / number, text, reason) for reason in label_value(text))


def _one_form(selector: JSONObject, path: Path) -> Iterator[FieldError]:
    raw, requirements = selector.get("rawSelector") or "", selector.get("requirements") or ()
    if raw and requirements:
        yield FieldError.invalid(path / "rawSelector", raw, "may not specified at the same time as requirements")
    if not raw and not requirements:
        words = f"when {path} is specified, requirements or rawSelector is required"
        yield FieldError.required(path / "requirements", words)


def _operator(requirement: JSONObject, path: Path) -> Iterator[FieldError]:
    operator = requirement.get("operator") or ""
    if operator in _KNOWN:
        yield from check_operator(operator, requirement.get("values") or [], path)


SELECTORS = struct(resourceAttributes=struct(fieldSelector=_field_selector) & struct(labelSelector=_label_selector))
