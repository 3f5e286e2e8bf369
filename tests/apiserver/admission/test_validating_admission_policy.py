"""Validating admission policies: what they refuse, warn of and record."""

from typing import Any

import orjson
import pytest
from anyio.lowlevel import checkpoint

from rootspan_apiserver.authz.authorizer import ALLOW, NO_OPINION, AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import admission, config_map
from tests.apiserver.admission.policies import RULE, put_binding, put_policy, refusal, validating, why

pytestmark = pytest.mark.anyio
CONFIG_MAPS = {"apiVersion": "v1", "kind": "ConfigMap"}


async def test_validation_that_does_not_hold_refuses_with_422() -> None:
    """The Status names policy and binding, its reason is Invalid, and the message is a cause."""
    async with admission() as parts:
        validating(parts, {"expression": "object.data.a != '1'", "message": "  not one  "})
        refused = await refusal(parts, config_map())
        assert refused is not None
        assert (refused.code, refused.reason) == (422, "Invalid")
        assert why(refused) == "not one"
        message = refused.message.removeprefix('configmaps "c1" is forbidden: ')
        assert refused.details == {"name": "c1", "kind": "configmaps", "causes": [{"message": message}]}


@pytest.mark.parametrize(
    ("reason", "code"), [("Forbidden", 403), ("Unauthorized", 401), ("RequestEntityTooLarge", 413), ("Invalid", 422)]
)
async def test_reason_of_validation_decides_code(reason: str, code: int) -> None:
    """The code follows the reason."""
    async with admission() as parts:
        validating(parts, {"expression": "false", "reason": reason})
        refused = await refusal(parts, config_map())
        assert refused is not None
        assert (refused.reason, refused.code) == (reason, code)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "failed expression: object.data.a == 'x'"),
        ({"message": "said"}, "said"),
        ({"messageExpression": "'made of ' + string(size(object.data))"}, "made of 1"),
        ({"messageExpression": "'made'", "message": "said"}, "made"),
        ({"messageExpression": "string(1 / 0)", "message": "said"}, "said"),
        ({"messageExpression": "'two\\nlines'"}, "failed expression: object.data.a == 'x'"),
        ({"messageExpression": "'   '", "message": "said"}, "said"),
        ({"messageExpression": "'long'.replace('long', 'x'.replace('x', 'y')) + ''"}, "y"),
    ],
)
async def test_message_is_calculated_written_or_the_expression(fields: JSONObject, message: str) -> None:
    """A messageExpression goes first, unless it fails or cannot be shown; then the message; then the expression."""
    async with admission() as parts:
        validating(parts, {"expression": "object.data.a == 'x'", **fields})
        assert why(await refusal(parts, config_map())) == message


async def test_error_of_validation_refuses_unless_failures_are_ignored() -> None:
    """An expression without a value refuses under Fail, in the words of CEL; under Ignore it admits, and others still refuse."""
    broken = {"expression": "object.data.zz == 'x'"}
    async with admission() as parts:
        validating(parts, broken)
        expected = "expression 'object.data.zz == 'x'' resulted in error: no such key: zz"
        assert why(await refusal(parts, config_map())) == expected
        validating(parts, broken, failurePolicy="Ignore")
        assert await refusal(parts, config_map()) is None
        validating(parts, broken, {"expression": "false", "message": "no"}, failurePolicy="Ignore")
        assert why(await refusal(parts, config_map())) == "no"


async def test_policy_without_binding_is_not_evaluated() -> None:
    """A policy applies through its bindings, as soon as there is one."""
    async with admission() as parts:
        put_policy(parts, "Validating", "p", validations=[{"expression": "false"}])
        assert await refusal(parts, config_map()) is None
        put_binding(parts, "Validating", "b", "p")
        assert why(await refusal(parts, config_map()), "p", "b") == "failed expression: false"


async def test_actions_of_binding_deny_warn_and_audit() -> None:
    """Warn sends a warning for each validation, Audit records the first one, Deny refuses."""
    async with admission() as parts:
        validations = [{"expression": "false", "message": "first <one>"}, {"expression": "false", "message": "second"}]
        put_policy(parts, "Validating", "p", validations=validations)
        put_binding(parts, "Validating", "p", validationActions=["Warn", "Audit"])
        attributes = parts.attributes(config_map())
        await parts.admission.validate(attributes)
        by = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': "
        assert attributes.warnings == [by + "first <one>", by + "second"]
        recorded = attributes.audit_annotations["validation.policy.admission.k8s.io/validation_failure"]
        assert "first \\u003cone\\u003e" in recorded
        assert orjson.loads(recorded) == [
            {
                "message": "first <one>",
                "policy": "p",
                "binding": "p",
                "expressionIndex": 0,
                "validationActions": ["Warn", "Audit"],
            }
        ]


async def test_audit_annotations_are_published_under_name_of_policy() -> None:
    """Their values are trimmed, and joined over bindings; null and blank ones are left out."""
    annotations = [
        {"key": "who", "valueExpression": "' ' + request.userInfo.username + ' '"},
        {"key": "none", "valueExpression": "null"},
        {"key": "blank", "valueExpression": "' '"},
    ]
    async with admission() as parts:
        put_policy(parts, "Validating", "p", auditAnnotations=annotations)
        put_binding(parts, "Validating", "b1", "p")
        put_binding(parts, "Validating", "b2", "p")
        attributes = parts.attributes(config_map())
        await parts.admission.validate(attributes)
        assert attributes.audit_annotations == {"p/who": "admin"}


async def test_error_of_audit_annotation_refuses_unless_failures_are_ignored() -> None:
    """Whatever the actions of the binding are."""
    annotations = [{"key": "k", "valueExpression": "object.data.zz + ''"}]
    async with admission() as parts:
        put_policy(parts, "Validating", "p", auditAnnotations=annotations)
        put_binding(parts, "Validating", "p", validationActions=["Audit"])
        expected = "expression 'object.data.zz + ''' resulted in error: no such key: zz"
        assert why(await refusal(parts, config_map())) == expected
        put_policy(parts, "Validating", "p", auditAnnotations=annotations, failurePolicy="Ignore")
        assert await refusal(parts, config_map()) is None


async def test_variables_are_evaluated_where_they_are_named() -> None:
    """They see earlier ones; one that is not named may fail, one that is makes the expression fail."""
    variables = [
        {"name": "a", "expression": "object.data.a"},
        {"name": "twice", "expression": "variables.a + variables.a"},
        {"name": "broken", "expression": "object.data.zz"},
    ]
    async with admission() as parts:
        validating(
            parts,
            {"expression": "variables.twice == 'x'", "messageExpression": "string(variables.twice)"},
            variables=variables,
        )
        assert why(await refusal(parts, config_map())) == "11"
        validating(parts, {"expression": "variables.broken == 'x'"}, variables=variables)
        words = 'resulted in error: composited variable "broken" fails to evaluate: no such key: zz'
        assert why(await refusal(parts, config_map())) == f"expression 'variables.broken == 'x'' {words}"


async def test_match_conditions_exclude_requests() -> None:
    """All must hold; one that does not counts more than one that fails, and failures refuse under Fail."""
    holds, fails = (
        {"name": "a", "expression": "object.data.a == '1'"},
        {"name": "b", "expression": "object.data.z == 1"},
    )
    never = {"name": "c", "expression": "false"}
    async with admission() as parts:
        for conditions, message in (
            ([holds], "failed expression: false"),
            ([holds, never], ""),
            ([fails, never], ""),
            ([fails, holds], "expression 'object.data.z == 1' resulted in error: no such key: z"),
        ):
            validating(parts, {"expression": "false"}, matchConditions=conditions)
            refused = await refusal(parts, config_map())
            assert (why(refused) if refused else "") == message
        validating(parts, {"expression": "false"}, matchConditions=[fails], failurePolicy="Ignore")
        assert await refusal(parts, config_map()) is None


async def test_match_conditions_do_not_see_namespace() -> None:
    """`namespaceObject` is null in match conditions, and the namespace in validations."""
    async with admission() as parts:
        validating(
            parts,
            {
                "expression": "namespaceObject.metadata.name == 'x'",
                "messageExpression": "namespaceObject.metadata.name",
            },
            matchConditions=[{"name": "a", "expression": "namespaceObject == null"}],
        )
        assert why(await refusal(parts, config_map())) == "default"


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("namespaceObject.metadata.creationTimestamp < timestamp('2020-01-01T00:00:00Z')", "no such overload"),
        ("namespaceObject.metadata.creationTimestamp.getFullYear() == 1", "no such overload: getFullYear(string)"),
        ("timestamp(namespaceObject.metadata.creationTimestamp) == null", "no such overload: timestamp(string)"),
    ],
)
async def test_times_of_namespace_are_texts(expression: str, error: str) -> None:
    """They are declared as times, and no function of times takes them, as in kube-apiserver."""
    async with admission() as parts:
        metadata = {"name": "default", "creationTimestamp": "2024-01-01T00:00:00Z"}
        parts.put("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        validating(parts, {"expression": expression})
        assert why(await refusal(parts, config_map())) == f"expression '{expression}' resulted in error: {error}"


async def test_request_and_objects_are_seen() -> None:
    """Of a deletion the object is null; the request names the operation, the kinds, the user and the options."""
    async with admission() as parts:
        shown = "request.operation + string(oldObject.data.a) + request.kind.kind + request.userInfo.uid"
        validating(parts, {"expression": "object != null", "messageExpression": shown})
        refused = await refusal(parts, None, operation="DELETE", old=config_map())
        assert why(refused) == "DELETE1ConfigMapu1"
        assert await refusal(parts, config_map(), operation="UPDATE", old=config_map()) is None


async def test_parameters_are_found_by_name_or_selector() -> None:
    """By default in the namespace of the request; with a selector, the expressions are evaluated for each."""
    async with admission() as parts:
        for name in ("one", "two"):
            parts.put("configmaps", {**config_map(name, labels={"is": "param"}), "data": {"max": name}})
        validation = {
            "expression": "params.data.max == 'one'",
            "messageExpression": "string(params.data.max) + ' ' + params.kind",
        }
        put_policy(parts, "Validating", "p", validations=[validation], paramKind=CONFIG_MAPS)
        by_name = {"name": "one", "parameterNotFoundAction": "Deny"}
        put_binding(parts, "Validating", "p", paramRef=by_name)
        assert await refusal(parts, config_map()) is None
        put_binding(parts, "Validating", "p", paramRef={**by_name, "name": "two", "namespace": "default"})
        assert why(await refusal(parts, config_map())) == "two ConfigMap"
        selected = {"selector": {"matchLabels": {"is": "param"}}, "parameterNotFoundAction": "Deny"}
        put_binding(parts, "Validating", "p", paramRef=selected)
        assert why(await refusal(parts, config_map())) == "two ConfigMap"


@pytest.mark.parametrize(
    ("kind", "reference", "message"),
    [
        (
            CONFIG_MAPS,
            {"name": "none", "parameterNotFoundAction": "Deny"},
            "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
        ),
        (CONFIG_MAPS, {"name": "none", "parameterNotFoundAction": "Allow"}, ""),
        (
            {"apiVersion": "v1", "kind": "Namespace"},
            {"name": "default", "namespace": "default", "parameterNotFoundAction": "Deny"},
            "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
        ),
        (CONFIG_MAPS, None, "failed expression: params != null"),
    ],
)
async def test_missing_parameters_refuse_as_binding_says(
    kind: JSONObject, reference: JSONObject | None, message: str
) -> None:
    """Absent parameters refuse under Deny; without a reference `params` is null."""
    async with admission() as parts:
        put_policy(parts, "Validating", "p", validations=[{"expression": "params != null"}], paramKind=kind)
        fields: dict[str, Any] = {"paramRef": reference} if reference else {}
        put_binding(parts, "Validating", "p", **fields)
        refused = await refusal(parts, config_map())
        assert (why(refused) if refused else "") == message


async def test_unknown_kind_of_parameters_is_error_of_policy() -> None:
    """Whatever its bindings say, unless failures are ignored."""
    async with admission() as parts:
        kind = {"apiVersion": "example.com/v1", "kind": "Limit"}
        validating(parts, {"expression": "true"}, paramKind=kind)
        refused = await refusal(parts, config_map())
        assert refused is not None
        assert refused.message == (
            "configmaps \"c1\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find "
            "resource referenced by paramKind: 'example.com/v1, Kind=Limit'"
        )
        validating(parts, {"expression": "true"}, paramKind=kind, failurePolicy="Ignore")
        assert await refusal(parts, config_map()) is None


async def test_namespaced_parameters_do_not_fit_cluster_scoped_objects() -> None:
    """A binding that names no namespace takes that of the object, which has none."""
    async with admission() as parts:
        rule = RULE | {"resources": ["persistentvolumes"]}
        put_policy(
            parts,
            "Validating",
            "p",
            validations=[{"expression": "true"}],
            paramKind=CONFIG_MAPS,
            matchConstraints={"resourceRules": [rule]},
        )
        put_binding(parts, "Validating", "p", paramRef={"name": "x", "parameterNotFoundAction": "Allow"})
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {}}
        refused = await refusal(parts, volume, path="persistentvolumes")
        assert refused is not None
        assert refused.message.endswith(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
        )


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ({}, True),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"objectSelector": {"matchLabels": {"a": "c"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "red"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "blue"}}}, False),
        ({"resourceRules": [RULE | {"resourceNames": ["c1"]}]}, True),
        ({"resourceRules": [RULE | {"resourceNames": ["c2"]}]}, False),
        ({"resourceRules": [RULE | {"operations": ["UPDATE"]}]}, False),
        ({"excludeResourceRules": [RULE | {"resourceNames": ["c1"]}]}, False),
        ({"excludeResourceRules": [RULE | {"resourceNames": ["c2"]}]}, True),
    ],
)
@pytest.mark.parametrize("of_binding", [False, True])
async def test_policy_and_binding_match_by_rules_and_selectors(
    match: JSONObject, matches: bool, of_binding: bool
) -> None:
    """Both must match; excluded rules count more than rules."""
    async with admission() as parts:
        parts.namespace("default", labels={"team": "red"})
        constraints: dict[str, Any] = {} if of_binding else {"matchConstraints": match}
        resources: dict[str, Any] = {"matchResources": match} if of_binding else {}
        put_policy(parts, "Validating", "p", validations=[{"expression": "false"}], **constraints)
        put_binding(parts, "Validating", "p", **resources)
        refused = await refusal(parts, config_map(labels={"a": "b"}))
        assert (refused is not None) == matches


async def test_equivalent_resource_is_converted() -> None:
    """A rule for another version of the kind sees the object in that version, unless the policy matches exactly."""
    rule = RULE | {"apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "c1", "namespace": "default"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d"}},
    }
    shown = "string(object.apiVersion) + ' ' + request.kind.version + ' ' + request.requestKind.version"
    async with admission() as parts:
        validations = [{"expression": "false", "messageExpression": shown}]
        for policy, message in (("Equivalent", "autoscaling/v1 v1 v2"), ("Exact", None)):
            match = {"resourceRules": [rule], "matchPolicy": policy}
            put_policy(parts, "Validating", "p", validations=validations, matchConstraints=match)
            put_binding(parts, "Validating", "p")
            refused = await refusal(parts, scaler, path="autoscaling/v2/horizontalpodautoscalers")
            assert (refused.message.rpartition(": ")[2] if refused else None) == message


@pytest.mark.parametrize("path", ["admissionregistration.k8s.io/v1/validatingadmissionpolicies"])
async def test_what_configures_admission_is_not_validated(path: str) -> None:
    """Otherwise a policy could not be repaired."""
    async with admission() as parts:
        rule = RULE | {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
        validating(parts, {"expression": "false"}, matchConstraints={"resourceRules": [rule]})
        policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {}}
        assert await refusal(parts, policy, path=path) is None
        assert await refusal(parts, config_map()) is not None


class WaitingAuthorizer:
    """An authorizer that answers after another task has run, as one does that asks a server: for a reason, and only about pods."""

    def __init__(self) -> None:
        self.asked: list[AuthorizationAttributes] = []

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        await checkpoint()
        self.asked.append(attributes)
        return ALLOW if attributes.resource == "pods" else NO_OPINION


async def test_authorizer_is_asked_once_for_each_question() -> None:
    """Also one that has to wait; about the user of the request, or about a service account."""
    authorizer = WaitingAuthorizer()
    check = "authorizer.group('').resource('%s').namespace('default').check('get').allowed()"
    account = "authorizer.serviceAccount('a', 'b').group('').resource('pods').check('list').allowed()"
    async with admission(authorizer=authorizer) as parts:
        validating(
            parts,
            {"expression": f"{check % 'pods'} && {account}"},
            {"expression": f"{check % 'pods'} && {check % 'secrets'}", "message": "no secrets"},
        )
        assert why(await refusal(parts, config_map())) == "no secrets"
    about = sorted((each.user.name, each.verb, each.resource, each.namespace) for each in authorizer.asked)
    assert about == [
        ("admin", "get", "pods", "default"),
        ("admin", "get", "secrets", "default"),
        ("system:serviceaccount:a:b", "list", "pods", ""),
    ]


async def test_request_resource_is_checked() -> None:
    """`authorizer.requestResource` is the resource of the request."""
    authorizer = WaitingAuthorizer()
    async with admission(authorizer=authorizer) as parts:
        validating(parts, {"expression": "authorizer.requestResource.check('use').allowed()", "message": "no"})
        assert why(await refusal(parts, config_map())) == "no"
    asked = authorizer.asked[-1]
    assert (asked.verb, asked.resource, asked.namespace, asked.name) == ("use", "configmaps", "default", "c1")


async def test_expression_that_runs_away_is_stopped() -> None:
    """At the limit of one expression; what runs before that runs in a worker thread."""
    nested = "true"
    for name in "abcdefg":
        nested = f"[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all({name}, {nested})"
    async with admission() as parts:
        validating(parts, {"expression": nested})
        message = why(await refusal(parts, config_map()))
        assert message.endswith("resulted in error: operation cancelled: actual cost limit exceeded")


async def test_checks_are_counted() -> None:
    """By policy, binding, action and type of error."""
    async with admission() as parts:
        validating(parts, {"expression": "object.data.a == 'x'"})
        await refusal(parts, config_map())
        counted = parts.metrics.policies.families()[0]
        assert [(sample.labels, sample.value) for sample in counted.samples()] == [
            (("p", "p", "invalid_error", "deny"), 1.0)
        ]


async def test_policies_apply_in_order_of_names() -> None:
    """The first denial is the answer."""
    async with admission() as parts:
        for name in ("z", "a"):
            validating(parts, {"expression": "false", "message": name}, name=name)
        assert why(await refusal(parts, config_map()), "a") == "a"
