"""ValidatingAdmissionPolicy and MutatingAdmissionPolicy: their rules, defaults and tables."""

import pytest

from rootspan_apiserver.resources.admissionregistration.mutating_admission_policy import definition as mutating
from rootspan_apiserver.resources.admissionregistration.validating_admission_policy import definition as validating
from tests.apiserver.resources.admissionregistration.matching_rows import LABEL, NAME, RULE, SUBDOMAIN, match_rows
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

MATCH = {"resourceRules": [RULE]}
VALIDATING = KindCheck(
    validating,
    {
        "spec": {
            "matchConstraints": MATCH,
            "validations": [{"expression": "true"}],
            "auditAnnotations": [{"key": "size", "valueExpression": "'1'"}],
        }
    },
)
APPLY = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}
JSON_PATCH = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'remove', path: '/data'}]"}}
MUTATING = KindCheck(
    mutating,
    {"spec": {"matchConstraints": MATCH, "reinvocationPolicy": "Never", "mutations": [APPLY, JSON_PATCH]}},
)
CONSTRAINTS = "spec.matchConstraints"
SHARED: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.failurePolicy": "Retry"}, ['spec.failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"']),
    ({"spec.paramKind": {"apiVersion": "shop.example/v1", "kind": "Limit"}}, []),
    ({"spec.paramKind": {}}, ["spec.paramKind.apiVersion: Required value", "spec.paramKind.kind: Required value"]),
    ({"spec.paramKind": {"apiVersion": "a/b/c", "kind": "L!"}}, [
        'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        f'spec.paramKind.kind: Invalid value: "L!": may have mixed case, but should otherwise match: {LABEL}',
    ]),
    ({"spec.paramKind": {"apiVersion": "A/", "kind": "L"}}, [
        f'spec.paramKind.apiVersion: Invalid value: "A": {SUBDOMAIN}',
        'spec.paramKind.apiVersion: Invalid value: "A/": version must be specified',
    ]),
    ({"spec.paramKind": {"apiVersion": "1", "kind": "L"}}, [f'spec.paramKind.apiVersion: Invalid value: "1": {LABEL}']),
    ({CONSTRAINTS: REMOVED}, [f"{CONSTRAINTS}: Required value"]),
    ({CONSTRAINTS: {}}, [f"{CONSTRAINTS}.resourceRules: Required value"]),
    *match_rows(CONSTRAINTS),
    ({"spec.matchConditions": [{"name": "a", "expression": ""}]}, ["spec.matchConditions[0].expression: Required value"]),
    ({"spec.variables": [{"name": "size", "expression": "1"}]}, []),
    ({"spec.variables": [{}, {"name": "a-b", "expression": " "}, {"name": "while", "expression": "1"}]}, [
        "spec.variables[0].name: Required value: name is not specified",
        "spec.variables[0].expression: Required value: expression is not specified",
        'spec.variables[1].name: Invalid value: "a-b": must be a valid CEL identifier',
        "spec.variables[1].expression: Required value: expression is not specified",
        'spec.variables[2].name: Invalid value: "while": must be a valid CEL identifier',
    ]),
]  # fmt: skip
NONE_OF_BOTH = "Required value: validations or auditAnnotations must contain at least one item"
ANNOTATION = "spec.auditAnnotations[0]"
VALIDATIONS: list[tuple[Changes, list[str]]] = [
    ({"spec.validations": REMOVED}, []),
    ({"spec.validations": REMOVED, "spec.auditAnnotations": REMOVED}, [f"spec.validations: {NONE_OF_BOTH}", f"spec.auditAnnotations: {NONE_OF_BOTH}"]),
    ({"spec.validations.0": {"expression": " ", "messageExpression": " ", "message": " ", "reason": "Why"}}, [
        "spec.validations[0].expression: Required value: expression is not specified",
        'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
        'spec.validations[0].message: Invalid value: " ": must be non-empty if specified',
        'spec.validations[0].reason: Unsupported value: "Why": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ]),
    ({"spec.validations.0.message": "a\nb"}, ['spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks']),
    ({"spec.validations.0.message": "a\n", "spec.validations.0.reason": "Invalid"}, []),
    ({"metadata.name": REMOVED}, [
        "metadata.name: Required value: name or generateName is required",
        f'{ANNOTATION}.key: Invalid value: "size": requires metadata.name be non-empty',
    ]),
    ({"spec.auditAnnotations.0": {"key": "!"}, "spec.auditAnnotations.1": {"key": "!", "valueExpression": "1" * 5121}}, [
        f'{ANNOTATION}.key: Invalid value: "x/!": {NAME}',
        f"{ANNOTATION}.valueExpression: Required value: valueExpression is not specified",
        f'spec.auditAnnotations[1].key: Invalid value: "x/!": {NAME}',
        "spec.auditAnnotations[1].valueExpression: Required value: must not exceed 5120 bytes in length",
        'spec.auditAnnotations[1].key: Duplicate value: "!"',
    ]),
]  # fmt: skip
MANY = {"spec.auditAnnotations": [{"key": f"n{number}", "valueExpression": "'1'"} for number in range(21)]}
OPERATIONS = '"*", "CONNECT", "CREATE", "UPDATE"'
MUTATIONS: list[tuple[Changes, list[str]]] = [
    ({f"{CONSTRAINTS}.resourceRules.0.operations": ["CREATE", "DELETE"]}, [f'{CONSTRAINTS}.resourceRules.operations: Unsupported value: "DELETE": supported values: {OPERATIONS}']),
    ({"spec.mutations": REMOVED}, ["spec.mutations: Required value: mutations must contain at least one item"]),
    ({"spec.mutations.0": {}}, ["spec.mutations[0].patchType: Required value"]),
    ({"spec.mutations.0.patchType": "Diff"}, ['spec.mutations[0].patchType: Unsupported value: "Diff": supported values: "ApplyConfiguration", "JSONPatch"']),
    ({"spec.mutations.0.patchType": "JSONPatch"}, [
        "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch",
        'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
    ]),
    ({"spec.mutations.0.applyConfiguration.expression": "\t"}, ["spec.mutations[0].applyConfiguration.expression: Required value"]),
    ({"spec.reinvocationPolicy": REMOVED}, ["spec.reinvocationPolicy: Required value"]),
    ({"spec.reinvocationPolicy": "Always"}, ['spec.reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"']),
]  # fmt: skip
STATUS: Changes = {"status.typeChecking.expressionWarnings": [{}], "status.conditions": [{"type": "!"}]}


@pytest.mark.parametrize("check", [VALIDATING, MUTATING])
@pytest.mark.parametrize(("changes", "errors"), SHARED)
def test_policy_is_checked(check: KindCheck, changes: Changes, errors: list[str]) -> None:
    """It has constraints with rules, a kind of parameters that can exist, and variables with names."""
    found = check.refusals(changes)
    assert [error for error in found if f"{CONSTRAINTS}.resourceRules.operations" not in error] == errors


@pytest.mark.parametrize(("changes", "errors"), VALIDATIONS)
def test_validating_policy_is_checked(changes: Changes, errors: list[str]) -> None:
    """It validates or annotates, with expressions and messages that are not blank."""
    assert VALIDATING.refusals(changes) == errors


def test_validating_policy_has_few_annotations() -> None:
    """There are at most 20."""
    (error,) = VALIDATING.refusals(MANY)
    assert error.startswith("spec.auditAnnotations: Invalid value: [{")
    assert error.endswith(": must not have more than 20 auditAnnotations")


@pytest.mark.parametrize(("changes", "errors"), MUTATIONS)
def test_mutating_policy_is_checked(changes: Changes, errors: list[str]) -> None:
    """It mutates, each time by one type of patch, and never what is deleted."""
    assert MUTATING.refusals(changes) == errors


def test_status_of_validating_policy_is_checked() -> None:
    """A warning has a text and a place; conditions are complete."""
    found = VALIDATING.update_refusals(STATUS, "status")
    assert found[:2] == [
        "status.typeChecking.expressionWarnings[0].warning: Required value",
        "status.typeChecking.expressionWarnings[0].fieldRef: Required value",
    ]
    assert found[2].startswith('status.conditions[0].type: Invalid value: "!"')


def test_every_rule_has_row() -> None:
    """No rule of the kinds is without a row that it refuses."""
    shared = [changes for changes, _ in SHARED]
    rows = [*shared, *(changes for changes, _ in VALIDATIONS)]
    assert VALIDATING.unchecked(rows, [VALIDATING.updated(STATUS, "status")[1]]) == []
    assert MUTATING.unchecked([*shared, *(changes for changes, _ in MUTATIONS)]) == []


def test_policy_is_defaulted() -> None:
    """A failure refuses, and equivalent requests match."""
    for check in (VALIDATING, MUTATING):
        spec = check.stored()["spec"]
        assert spec["failurePolicy"] == "Fail"
        assert spec["matchConstraints"] == {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [{**RULE, "scope": "*"}],
        }


def test_table_shows_kind_of_parameters() -> None:
    """And how many validations or mutations there are."""
    kind = {"spec.paramKind": {"apiVersion": "shop.example/v1", "kind": "Limit"}}
    assert list(VALIDATING.row(kind).values()) == ["x", 1, "shop.example/v1/Limit", "5m"]
    assert list(MUTATING.row().values()) == ["x", 2, "<unset>", "5m"]
    assert MUTATING.bookmark_row() == VALIDATING.bookmark_row() == ["", 0, "<unset>", "<unknown>"]


BOOL = 'Invalid value: "1": must evaluate to bool but got int'
UNDECLARED = (
    "Invalid value: \"%s.a == 'x'\": compilation failed: ERROR: <input>:1:1: undeclared reference to '%s' (in container '')\n"
    " | %s.a == 'x'\n | ^"
)
EXPRESSIONS: list[tuple[Changes, list[str]]] = [
    ({"spec.matchConditions": [{"name": "a", "expression": " 1 "}]}, [f"spec.matchConditions[0].expression: {BOOL}"]),
    (
        {"spec.matchConditions": [{"name": "a", "expression": "params.a == 'x'"}]},
        [f"spec.matchConditions[0].expression: {UNDECLARED % (('params',) * 3)}"],
    ),
    (
        {
            "spec.matchConditions": [{"name": "a", "expression": "params.a == 'x'"}],
            "spec.paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        },
        [],
    ),
    (
        {
            "spec.matchConditions": [{"name": "a", "expression": "variables.a == 'x'"}],
            "spec.variables": [{"name": "a", "expression": "'x'"}],
        },
        [f"spec.matchConditions[0].expression: {UNDECLARED % (('variables',) * 3)}"],
    ),
    (
        {"spec.variables": [{"name": "a", "expression": "object.a.b"}, {"name": "b", "expression": "variables.c"}]},
        [
            (
                "spec.variables[1].expression: Invalid value: \"variables.c\": compilation failed: ERROR: <input>:1:10: undefined field 'c'\n"
                " | variables.c\n | .........^"
            )
        ],
    ),
]


@pytest.mark.parametrize("check", [VALIDATING, MUTATING])
@pytest.mark.parametrize(("changes", "errors"), EXPRESSIONS)
def test_expressions_of_policy_are_compiled(check: KindCheck, changes: Changes, errors: list[str]) -> None:
    """Conditions can name parameters if there are any, and no variables; variables can name those before them."""
    assert check.refusals(changes) == errors


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"spec.validations.0": {"expression": "1"}}, [f"spec.validations[0].expression: {BOOL}"]),
        (
            {"spec.validations.0": {"expression": "true", "messageExpression": "object.a"}},
            ['spec.validations[0].messageExpression: Invalid value: "object.a": must evaluate to string but got dyn'],
        ),
        (
            {"spec.validations.0": {"expression": "true", "messageExpression": "authorizer.a == 'x' ? '' : ''"}},
            [
                (
                    "spec.validations[0].messageExpression: Invalid value: \"authorizer.a == 'x' ? '' : ''\": compilation failed: ERROR: "
                    "<input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer.a == 'x' ? '' : ''\n | ^"
                )
            ],
        ),
        (
            {"spec.auditAnnotations.0": {"key": "size", "valueExpression": " 1 "}},
            [
                'spec.auditAnnotations[0].valueExpression: Invalid value: " 1 ": must evaluate to one of [string null_type] but got int'
            ],
        ),
    ],
)
def test_expressions_of_validating_policy_are_compiled(changes: Changes, errors: list[str]) -> None:
    """Each has its type: a bool, a string, a string or null."""
    assert VALIDATING.refusals(changes) == errors


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        (
            {"spec.mutations.0": {**APPLY, "applyConfiguration": {"expression": " object "}}},
            [
                'spec.mutations[0].applyConfiguration.expression: Invalid value: "object": must evaluate to Object but got dyn'
            ],
        ),
        (
            {"spec.mutations.0": {**JSON_PATCH, "jsonPatch": {"expression": "[]"}}},
            [
                'spec.mutations[0].jsonPatch.expression: Invalid value: "[]": must evaluate to list(JSONPatch) but got list(dyn)'
            ],
        ),
        (
            {"spec.mutations.0": {**JSON_PATCH, "jsonPatch": {"expression": "[JSONPatch{at: '/'}]"}}},
            [
                (
                    "spec.mutations[0].jsonPatch.expression: Invalid value: \"[JSONPatch{at: '/'}]\": compilation failed: ERROR: <input>:1:14: "
                    "expected type of field 'at' is '' but provided type is 'string'\n | [JSONPatch{at: '/'}]\n | .............^"
                )
            ],
        ),
    ],
)
def test_expressions_of_mutating_policy_are_compiled(changes: Changes, errors: list[str]) -> None:
    """An apply configuration is an `Object`, a JSON patch a list of `JSONPatch`."""
    assert MUTATING.refusals(changes) == errors
