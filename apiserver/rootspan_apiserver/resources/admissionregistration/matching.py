"""Which requests webhooks and policies are called for: rules, selectors and conditions.

Upstream: pkg/apis/admissionregistration/validation/validation.go (validateRuleWithOperations, validateMatchResources,
validateMatchConditions), pkg/apis/admissionregistration/v1/defaults.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.expression_errors import expression_errors
from rootspan_apiserver.resources.admissionregistration.expressions import ExpressionCompiler, Purpose
from rootspan_apiserver.rules import (
    ABSENT,
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
)
from rootspan_apiserver.rules.changes import When
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
    """There are not too many; each has an expression that compiles, and a name that no other has."""
    spec = context.root.get("spec") or {}
    compiler = ExpressionCompiler(has_params=spec.get("paramKind") is not None)
    if len(value) > MAX_CONDITIONS:
        yield FieldError.too_many(path, len(value), MAX_CONDITIONS)
    seen: set[str] = set()
    for index, condition in enumerate(value):
        if expression := (condition.get("expression") or "").strip():
            yield from expression_errors(compiler.compile(expression, Purpose.CONDITION), path / index / "expression")
        else:
            yield FieldError.required(path / index / "expression")
        name, at = condition.get("name") or "", path / index / "name"
        if not name:
            yield FieldError.required(at)
            continue
        yield from (FieldError.invalid(at, name, reason) for reason in qualified_name(name))
        if name in seen:
            yield FieldError.duplicate(at, name)
        seen.add(name)


def _may_be_invalid(value: list[JSONObject], old: Any, context: RuleContext) -> bool:
    """Return whether the conditions, or what they can name, are new."""
    kinds = [((each or {}).get("spec") or {}).get("paramKind") for each in (context.root, context.old_root)]
    return old is ABSENT or old != value or kinds[0] != kinds[1]


MATCH_CONDITIONS = When(_may_be_invalid, _conditions, "if they, or the kind of parameters, have changed")
