"""Node selectors: which nodes a pod may run on, and from which nodes a volume or a device can be reached.

Upstream: pkg/apis/core/validation/validation.go (ValidateNodeSelector, ValidateNodeSelectorRequirement)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, Rule, RuleContext, absent_as, each, function, named, required, struct
from rootspan_apiserver.rules.label_selectors import check_operator

KEY = struct(key=absent_as("", named(qualified_name)))


@function("ValidateNodeSelectorRequirement")
def _requirement(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The operator is known and fits the values."""
    operator, values = value.get("operator") or "", value.get("values") or []
    if operator not in ("Gt", "Lt"):
        yield from check_operator(operator, values, path)
    elif len(values) != 1:
        yield FieldError.required(path / "values", "must be specified single value when `operator` is 'Lt' or 'Gt'")


@function("ValidateNodeFieldSelectorRequirement")
def _field(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The field is the node's name, which has one value."""
    key, operator, values = value.get("key") or "", value.get("operator") or "", value.get("values") or []
    if operator not in ("In", "NotIn"):
        yield FieldError.invalid(path / "operator", operator, "not a valid selector operator")
    elif len(values) != 1:
        words = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield FieldError.required(path / "values", words)
    if key != "metadata.name":
        yield FieldError.invalid(path / "key", key, "not a valid field selector key")
        return
    for index, name in enumerate(values):
        yield from (FieldError.invalid(path / "values" / index, name, reason) for reason in dns_subdomain(name))


_ANY = _requirement & KEY
_STRICT = _ANY & struct(values=each(named(label_value)))


def node_selector_term(*, any_value: bool = False) -> Rule:
    """Return the rule for one alternative of a node selector.

    Args:
        any_value: whether the values may be no label values.
    """
    return struct(matchExpressions=each(_ANY if any_value else _STRICT), matchFields=each(_field))


def has_invalid_value(selector: JSONObject | None) -> bool:
    """Return whether an expression of a node selector has a value that is no label value."""
    terms = (selector or {}).get("nodeSelectorTerms") or []
    expressions = (each for term in terms for each in term.get("matchExpressions") or [])
    return any(label_value(value) for expression in expressions for value in expression.get("values") or [])


def _selector(term: Rule) -> Rule:
    return struct(nodeSelectorTerms=required("must have at least one node selector term") & each(term))


_LENIENT, NODE_SELECTOR = _selector(node_selector_term(any_value=True)), _selector(node_selector_term())


@function("ValidateNodeSelector")
def ratcheting_node_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A node selector; invalid values in its expressions stay valid once they are stored."""
    rule = _LENIENT if isinstance(old, dict) and has_invalid_value(old) else NODE_SELECTOR
    yield from rule.check(value, ABSENT, path, context)
