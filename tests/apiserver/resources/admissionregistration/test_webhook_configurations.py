"""MutatingWebhookConfiguration and ValidatingWebhookConfiguration: their rules, defaults and tables."""

import pytest

from rootspan_apiserver.resources.admissionregistration.mutating_webhook_configuration import definition as mutating
from rootspan_apiserver.resources.admissionregistration.validating_webhook_configuration import definition as validating
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
WEBHOOK = {
    "name": "a.shop.example",
    "clientConfig": {"service": {"name": "hooks", "namespace": "shop"}},
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "rules": [RULE],
}
MUTATING = KindCheck(mutating, {"webhooks": [WEBHOOK]})
VALIDATING = KindCheck(validating, {"webhooks": [WEBHOOK]})
AT, RULES = "webhooks[0]", "webhooks[0].rules[0]"
LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NAME = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
CONDITIONS = f"{AT}.matchConditions"
BAD_VALUE = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["!"]}]}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"webhooks": REMOVED}, []),
    ({"webhooks.0": {}}, [
        f"{AT}.name: Required value",
        f"{AT}.sideEffects: Required value: must specify one of None, NoneOnDryRun",
        f"{AT}.clientConfig: Required value: exactly one of url or service is required",
        f"{AT}.admissionReviewVersions: Required value: must specify one of v1, v1beta1",
    ]),
    ({"webhooks.0.name": "shop.example"}, [f'{AT}.name: Invalid value: "shop.example": should be a domain with at least three segments separated by dots']),
    ({"webhooks.0.name": "A.shop.example"}, [f'{AT}.name: Invalid value: "A.shop.example": {SUBDOMAIN}']),
    ({"webhooks.1": WEBHOOK}, ['webhooks[1].name: Duplicate value: "a.shop.example"']),
    ({"webhooks.1": {**WEBHOOK, "name": "b.shop.example"}}, []),
    ({"webhooks.0.rules.0": {}}, [f"{RULES}.{key}: Required value" for key in ("operations", "apiGroups", "apiVersions", "resources")]),
    ({"webhooks.0.rules.0.operations": ["*", "MAKE"]}, [
        f"""{RULES}.operations: Invalid value: ["*","MAKE"]: if '*' is present, must not specify other operations""",
        f'{RULES}.operations[1]: Unsupported value: "MAKE": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
    ]),
    ({"webhooks.0.rules.0.apiGroups": ["*", "apps"]}, [f"""{RULES}.apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other API groups"""]),
    ({"webhooks.0.rules.0.apiVersions": ["*", ""]}, [
        f"""{RULES}.apiVersions: Invalid value: ["*",""]: if '*' is present, must not specify other API versions""",
        f"{RULES}.apiVersions[1]: Required value",
    ]),
    ({"webhooks.0.rules.0.resources": ["*", "pods/*", "*/scale"]}, []),
    ({"webhooks.0.rules.0.resources": ["*", "", "pods"]}, [
        f"{RULES}.resources[1]: Required value",
        f"""{RULES}.resources: Invalid value: ["*","","pods"]: if '*' is present, must not specify other resources without subresources""",
    ]),
    ({"webhooks.0.rules.0.resources": ["pods/*", "*/log", "pods/log"]}, [
        f"{RULES}.resources[2]: Invalid value: \"pods/log\": if 'pods/*' is present, must not specify pods/log",
        f"{RULES}.resources[2]: Invalid value: \"pods/log\": if '*/log' is present, must not specify pods/log",
    ]),
    ({"webhooks.0.rules.0.resources": ["pods", "*/*"]}, [f"""{RULES}.resources: Invalid value: ["pods","*/*"]: if '*/*' is present, must not specify other resources"""]),
    ({"webhooks.0.rules.0.scope": "Galaxy"}, [f'{RULES}.scope: Unsupported value: "Galaxy": supported values: "*", "Cluster", "Namespaced"']),
    ({"webhooks.0.failurePolicy": "Retry"}, [f'{AT}.failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"']),
    ({"webhooks.0.matchPolicy": "Near"}, [f'{AT}.matchPolicy: Unsupported value: "Near": supported values: "Equivalent", "Exact"']),
    ({"webhooks.0.sideEffects": "Some"}, [f'{AT}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']),
    ({"webhooks.0.timeoutSeconds": 31}, [f"{AT}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"]),
    ({"webhooks.0.namespaceSelector": {"matchLabels": {"a": "!"}}}, [f'{AT}.namespaceSelector.matchLabels: Invalid value: "!": {VALUE}']),
    ({"webhooks.0.objectSelector": BAD_VALUE}, [f'{AT}.objectSelector.matchExpressions[0].values[0]: Invalid value: "!": {VALUE}']),
    ({"webhooks.0.clientConfig.url": "https://hooks.example"}, [f"{AT}.clientConfig: Required value: exactly one of url or service is required"]),
    ({"webhooks.0.matchConditions": [{"name": "a", "expression": "true"}]}, []),
    ({"webhooks.0.matchConditions": [{"name": "!", "expression": " "}, {}]}, [
        f"{CONDITIONS}[0].expression: Required value",
        f'{CONDITIONS}[0].name: Invalid value: "!": {NAME}',
        f"{CONDITIONS}[1].expression: Required value",
        f"{CONDITIONS}[1].name: Required value",
    ]),
    ({"webhooks.0.matchConditions": [{"name": "a", "expression": "true"}] * 2}, [f'{CONDITIONS}[1].name: Duplicate value: "a"']),
    ({"webhooks.0.matchConditions": [{"name": f"n{number}", "expression": "true"} for number in range(65)]}, [f"{CONDITIONS}: Too many: 65: must have at most 64 items"]),
    ({"webhooks.0.admissionReviewVersions": ["v2", "v2", "V"]}, [
        f'{AT}.admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
        f'{AT}.admissionReviewVersions[2]: Invalid value: "V": {LABEL}',
        f'{AT}.admissionReviewVersions: Invalid value: ["v2","v2","V"]: must include at least one of v1, v1beta1',
    ]),
]  # fmt: skip
REINVOCATION: tuple[Changes, list[str]] = (
    {"webhooks.0.reinvocationPolicy": "Always"},
    [f'{AT}.reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"'],
)
FORGIVEN: list[tuple[Changes, Changes, list[str]]] = [
    ({"webhooks.0.sideEffects": "Some"}, {"webhooks.0.sideEffects": "Unknown"}, []),
    ({"webhooks.0.sideEffects": "Some"}, {"webhooks.0.sideEffects": "Many"}, [
        f'{AT}.sideEffects: Unsupported value: "Many": supported values: "None", "NoneOnDryRun", "Some", "Unknown"',
    ]),
    ({"webhooks.0.admissionReviewVersions": ["v9"]}, {"webhooks.0.admissionReviewVersions": ["v8"]}, []),
    ({}, {"webhooks.0.admissionReviewVersions": ["v8"]}, [f'{AT}.admissionReviewVersions: Invalid value: ["v8"]: must include at least one of v1, v1beta1']),
    ({"webhooks": [WEBHOOK, WEBHOOK]}, {"webhooks.0.timeoutSeconds": 3}, []),
    ({"webhooks.0.objectSelector": BAD_VALUE}, {"webhooks.0.namespaceSelector": BAD_VALUE}, []),
    ({"webhooks.0.matchConditions": [{}]}, {"webhooks.0.timeoutSeconds": 3}, []),
]  # fmt: skip


@pytest.mark.parametrize("check", [MUTATING, VALIDATING])
@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_webhooks_are_checked(check: KindCheck, changes: Changes, errors: list[str]) -> None:
    """A webhook has a name, a place, rules, and versions of reviews that the server knows."""
    assert check.refusals(changes) == errors


def test_mutating_webhook_has_known_reinvocation_policy() -> None:
    """It may be called again, or not."""
    changes, errors = REINVOCATION
    assert MUTATING.refusals(changes) == errors


@pytest.mark.parametrize("check", [MUTATING, VALIDATING])
@pytest.mark.parametrize(("old", "changes", "errors"), FORGIVEN)
def test_update_accepts_what_was_stored(check: KindCheck, old: Changes, changes: Changes, errors: list[str]) -> None:
    """An object that was stored before a rule existed can be updated."""
    assert check.update_refusals(changes, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kinds is without a row that it refuses."""
    rows = [changes for changes, _ in ROWS]
    assert MUTATING.unchecked([*rows, REINVOCATION[0]]) == []
    assert VALIDATING.unchecked(rows) == []


def test_webhook_is_defaulted() -> None:
    """A mutating webhook is not called again unless it says so; a validating one never is."""
    (webhook,) = MUTATING.stored()["webhooks"]
    assert {key: value for key, value in webhook.items() if key not in WEBHOOK} == {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "timeoutSeconds": 10,
        "reinvocationPolicy": "Never",
    }
    assert webhook["rules"] == [{**RULE, "scope": "*"}]
    assert webhook["clientConfig"]["service"]["port"] == 443
    assert "reinvocationPolicy" not in VALIDATING.stored()["webhooks"][0]


def test_table_counts_webhooks() -> None:
    """An object without any has 0."""
    for check in (MUTATING, VALIDATING):
        assert list(check.row().values()) == ["x", 1, "5m"]
        assert check.bookmark_row() == ["", 0, "<unknown>"]
