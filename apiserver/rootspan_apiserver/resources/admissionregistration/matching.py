"""Which requests webhooks and policies are called for: rules, selectors and conditions.

The expressions of conditions are not compiled: that needs CEL.

Upstream: pkg/apis/admissionregistration/validation/validation.go (validateRuleWithOperations, validateMatchResources,
validateMatchConditions), pkg/apis/admissionregistration/v1/defaults.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    each,
    function,
    named,
    one_of,
    required,
    struct,
    unique,
    unless_unchanged,
)
from rootspan_apiserver.rules.label_selectors import label_selector

MAX_CONDITIONS = 64
FAILURE_POLICY = one_of("Fail", "Ignore")
MATCH_POLICY = one_of("Equivalent", "Exact")
RULE_DEFAULTS: JSONObject = {"scope": "*"}
MATCH_DEFAULTS: JSONObject = {
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "resourceRules": [RULE_DEFAULTS],
    "excludeResourceRules": [RULE_DEFAULTS],
}


def _alone(what: str) -> Rule:
    """Return the rule that nothing is beside `*` in a list."""

    @function("hasWildcard")
    def alone(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """Nothing is beside `*`."""
        if len(value) > 1 and "*" in value:
            yield FieldError.invalid(path, value, f"if '*' is present, must not specify other {what}")

    return alone


@function("validateResources")
def _resources(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """None is empty, and none is in another: `pods/log` in `pods/*` or `*/log`."""
    whole, parts = set[str](), set[str]()
    plain = False
    for index, found in enumerate(value):
        resource, slash, part = found.partition("/")
        if not found:
            yield FieldError.required(path / index)
            continue
        if not slash:
            plain = found != "*"
            continue
        if resource in whole:
            yield FieldError.invalid(path / index, found, f"if '{resource}/*' is present, must not specify {found}")
        if part in parts:
            yield FieldError.invalid(path / index, found, f"if '*/{part}' is present, must not specify {found}")
        if part == "*":
            whole.add(resource)
        if resource == "*":
            parts.add(part)
    if len(value) > 1 and "*/*" in value:
        yield FieldError.invalid(path, value, "if '*/*' is present, must not specify other resources")
    if plain and "*" in value:
        words = "if '*' is present, must not specify other resources without subresources"
        yield FieldError.invalid(path, value, words)


RULE = struct(
    operations=required & _alone("operations") & each(one_of("*", "CONNECT", "CREATE", "DELETE", "UPDATE")),
    apiGroups=required & _alone("API groups"),
    apiVersions=required & _alone("API versions") & each(required),
    resources=required & _resources,
    scope=one_of("*", "Cluster", "Namespaced"),
)
_NAMED_RULE = struct(resourceNames=each(named(path_segment)) & unique()) & RULE
MATCH_RESOURCES = struct(
    matchPolicy=MATCH_POLICY,
    namespaceSelector=label_selector(),
    objectSelector=label_selector(),
    resourceRules=each(_NAMED_RULE),
    excludeResourceRules=each(_NAMED_RULE),
)


@function("validateMatchConditions")
def _conditions(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are not too many; each has an expression, and a name that no other has."""
    if len(value) > MAX_CONDITIONS:
        yield FieldError.too_many(path, len(value), MAX_CONDITIONS)
    seen: set[str] = set()
    for index, condition in enumerate(value):
        if not (condition.get("expression") or "").strip():
            yield FieldError.required(path / index / "expression")
        name, at = condition.get("name") or "", path / index / "name"
        if not name:
            yield FieldError.required(at)
            continue
        yield from (FieldError.invalid(at, name, reason) for reason in qualified_name(name))
        if name in seen:
            yield FieldError.duplicate(at, name)
        seen.add(name)


MATCH_CONDITIONS = unless_unchanged(_conditions)
