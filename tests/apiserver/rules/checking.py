"""Run a rule on a value: its errors as the texts that a client reads, with the reasons."""

from typing import Any

from rootspan_apiserver.rules import ABSENT, ROOT, Rule, RuleContext

REASONS = {
    "FieldValueDuplicate": "duplicate",
    "FieldValueForbidden": "forbidden",
    "FieldValueInvalid": "invalid",
    "FieldValueNotSupported": "not supported",
    "FieldValueRequired": "required",
    "FieldValueTooLong": "too long",
    "FieldValueTooMany": "too many",
}


def errors_of(rule: Rule, value: Any, old: Any = ABSENT) -> list[str]:
    """The errors of a value at the path `f`: an update where `old` is given."""
    context = RuleContext(update=old is not ABSENT, root={})
    found = list(rule.check(value, old, ROOT / "f", context))
    assert all(error.reason in REASONS for error in found)
    return [f"{REASONS[error.reason]}: {error}" for error in found]
