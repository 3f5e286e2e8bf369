"""Small rules that many kinds use, with the server's wording."""

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.metadata import check_labels

IMMUTABLE = "field is immutable"


def not_negative(value: object, field: str) -> list[FieldError]:
    if isinstance(value, int) and value < 0:
        return [FieldError.invalid(field, value, "must be greater than or equal to 0")]
    return []


def one_of(value: object, choices: Sequence[str], field: str) -> list[FieldError]:
    return [] if value in choices else [FieldError.not_supported(field, value, choices)]


def named(value: str | None, rule: Callable[[str], list[str]], field: str) -> list[FieldError]:
    """A required name."""
    if not value:
        return [FieldError.required(field)]
    return [FieldError.invalid(field, value, reason) for reason in rule(value)]


def optional_name(value: str | None, rule: Callable[[str], list[str]], field: str) -> list[FieldError]:
    return [FieldError.invalid(field, value, reason) for reason in rule(value)] if value else []


def ip(value: str, field: str) -> list[FieldError]:
    try:
        ip_address(value)
    except ValueError:
        detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [FieldError.invalid(field, value, detail)]
    return []


def cidr(value: str, field: str) -> list[FieldError]:
    try:
        ip_network(value, strict=False)
    except ValueError:
        detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        return [FieldError.invalid(field, value, detail)]
    return []


def share(value: object, field: str, *, of_all: bool = True) -> list[FieldError]:
    """A number of pods, or a percentage; not more than all of them, if it is to be a share of all."""
    if isinstance(value, str):
        if not re.fullmatch("[0-9]+%", value):
            detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%'"
            detail += " or '93%', regex used for validation is '[0-9]+%')"
            return [FieldError.invalid(field, value, detail)]
        if of_all and len(number := value[:-1].lstrip("0")) < 19 and int(number or 0) > 100:
            return [FieldError.invalid(field, value, "must not be greater than 100%")]
    return not_negative(value, field)


def unchanged(new: object, old: object, field: str) -> list[FieldError]:
    return [] if same(new, old) else [FieldError.invalid(field, new, IMMUTABLE)]


def selector_operator(operator: str, values: list[Any], field: str) -> list[FieldError]:
    """The rules for the operator and the values of an expression at `field`, of a label selector or of a node selector."""
    if operator in ("In", "NotIn"):
        if not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            return [FieldError.required(f"{field}.values", detail)]
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            return [FieldError.forbidden(f"{field}.values", detail)]
    else:
        return [FieldError.invalid(f"{field}.operator", operator, "not a valid selector operator")]
    return []


def label_selector(selector: JSONObject | None, field: str) -> list[FieldError]:
    """The rules for a label selector that is an object."""
    if not selector:
        return []
    errors = check_labels(selector.get("matchLabels") or {}, f"{field}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or []):
        at = f"{field}.matchExpressions[{index}]"
        operator, values = expression.get("operator", ""), expression.get("values") or []
        errors += selector_operator(operator, values, at)
        key = expression.get("key", "")
        errors += [FieldError.invalid(f"{at}.key", key, reason) for reason in qualified_name(key)]
        for number, value in enumerate(values):
            errors += [FieldError.invalid(f"{at}.values[{number}]", value, reason) for reason in label_value(value)]
    return errors


def duplicates(values: Iterable[tuple[str, object]]) -> list[FieldError]:
    """A `Duplicate value` at each (field, value) whose value came before."""
    seen: set[object] = set()
    errors = []
    for field, value in values:
        if value in seen:
            errors.append(FieldError.duplicate(field, value))
        seen.add(value)
    return errors
