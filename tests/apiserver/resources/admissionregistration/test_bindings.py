"""ValidatingAdmissionPolicyBinding and MutatingAdmissionPolicyBinding: their rules, defaults and tables."""

import pytest

from rootspan_apiserver.resources.admissionregistration.mutating_admission_policy_binding import definition as mutating
from rootspan_apiserver.resources.admissionregistration.validating_admission_policy_binding import (
    definition as validating,
)
from tests.apiserver.resources.admissionregistration.matching_rows import (
    RULE,
    SELECTOR,
    SUBDOMAIN,
    match_rows,
    selector_errors,
)
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

VALIDATING = KindCheck(validating, {"spec": {"policyName": "sizes", "validationActions": ["Deny", "Audit"]}})
MUTATING = KindCheck(mutating, {"spec": {"policyName": "sizes"}})
REF, MATCH = "spec.paramRef", "spec.matchResources"
SHARED: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.policyName": REMOVED}, ["spec.policyName: Required value"]),
    ({"spec.policyName": "A"}, [f'spec.policyName: Invalid value: "A": {SUBDOMAIN}']),
    ({REF: {"name": "small", "parameterNotFoundAction": "Allow"}}, []),
    ({REF: {"selector": {}, "parameterNotFoundAction": "Deny"}}, []),
    ({REF: {}}, [f"{REF}: Required value: one of name or selector must be specified", f"{REF}.parameterNotFoundAction: Required value"]),
    ({REF: {"name": "a/b", "selector": SELECTOR, "parameterNotFoundAction": "Ask"}}, [
        f"{REF}.name: Invalid value: \"a/b\": may not contain '/'",
        f"{REF}.name: Forbidden: name and selector are mutually exclusive",
        *selector_errors(f"{REF}.selector"),
        f"{REF}.selector: Forbidden: name and selector are mutually exclusive",
        f'{REF}.parameterNotFoundAction: Unsupported value: "Ask": supported values: "Deny", "Allow"',
    ]),
    *match_rows(MATCH),
]  # fmt: skip
WORDS = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"  # fmt: skip
ACTIONS: list[tuple[Changes, list[str]]] = [
    ({"spec.validationActions": ["Warn", "Audit"]}, []),
    ({"spec.validationActions": REMOVED}, ["spec.validationActions: Required value: at least one validation action is required"]),
    ({"spec.validationActions": ["Deny", "Warn", "Deny", "Sing"]}, [
        'spec.validationActions[2]: Duplicate value: "Deny"',
        'spec.validationActions[3]: Unsupported value: "Sing": supported values: "Audit", "Deny", "Warn"',
        f'spec.validationActions: Invalid value: ["Deny","Warn","Deny","Sing"]: {WORDS}',
    ]),
]  # fmt: skip


@pytest.mark.parametrize("check", [VALIDATING, MUTATING])
@pytest.mark.parametrize(("changes", "errors"), SHARED)
def test_binding_is_checked(check: KindCheck, changes: Changes, errors: list[str]) -> None:
    """It names a policy; its parameters have a name or a selector; what it matches is well-formed."""
    assert check.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), ACTIONS)
def test_validating_binding_has_actions(changes: Changes, errors: list[str]) -> None:
    """They are known, each once, and a failure is not reported in two ways."""
    assert VALIDATING.refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kinds is without a row that it refuses."""
    shared = [changes for changes, _ in SHARED]
    assert MUTATING.unchecked(shared) == []
    assert VALIDATING.unchecked([*shared, *(changes for changes, _ in ACTIONS)]) == []


def test_match_of_binding_is_defaulted() -> None:
    """Without it, nothing is."""
    stored = MUTATING.stored({MATCH: {"resourceRules": [RULE]}})["spec"]["matchResources"]
    assert stored["resourceRules"] == [{**RULE, "scope": "*"}]
    assert (stored["matchPolicy"], stored["namespaceSelector"], stored["objectSelector"]) == ("Equivalent", {}, {})
    assert "matchResources" not in MUTATING.stored()["spec"]


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ({"name": "small"}, "*/small"),
        ({"name": "small", "namespace": "shop"}, "shop/small"),
        ({"selector": {}}, "*"),
        (None, "<unset>"),
    ],
)
def test_table_shows_parameters(reference: object, shown: str) -> None:
    """By their name, or as many."""
    for check in (VALIDATING, MUTATING):
        assert list(check.row({REF: reference}).values()) == ["x", "sizes", shown, "5m"]
        assert check.bookmark_row() == ["", "", "<unset>", "<unknown>"]
