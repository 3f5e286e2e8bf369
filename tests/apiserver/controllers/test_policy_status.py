"""The status of validating policies: what does not fit in their expressions."""

from typing import Any

import pytest

from rootspan_apiserver.controllers.expression_warnings import ExpressionTypeChecker
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from tests.apiserver.controllers.cluster import cluster

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
DEPLOYMENTS = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}


def spec(*expressions: str, rule: JSONObject = DEPLOYMENTS, **fields: Any) -> JSONObject:
    """The spec of a policy for deployments."""
    validations = [{"expression": each} for each in expressions]
    return {"matchConstraints": {"resourceRules": [rule]}, "validations": validations, **fields}


def warnings(*expressions: str, **fields: Any) -> list[JSONObject]:
    return ExpressionTypeChecker(builtin_registry()).warnings({"spec": spec(*expressions, **fields)})


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.replicas > 1",
        "object.spec.template.spec.containers.all(c, c.image.startsWith('a'))",
        "object.spec.strategy.rollingUpdate.maxSurge == 1",
        "object.metadata.creationTimestamp > timestamp('2020-01-01T00:00:00Z')",
        "oldObject == null || oldObject.metadata.name == request.name",
    ],
)
def test_expression_that_fits_has_no_warning(expression: str) -> None:
    """The types are those of the schema, and an int or string is of any type."""
    assert warnings(expression) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("object.foo == 1", "1:7: undefined field 'foo'"),
        ("object.spec.replicas > 'a'", "1:22: found no matching overload for '_>_' applied to '(int, string)'"),
        ("object.spec.template.spec.containers.all(c, c.imag == 'x')", "1:46: undefined field 'imag'"),
        ("variables.count == 'x'", "1:17: found no matching overload for '_==_' applied to '(int, string)'"),
        ("params.data.a == 1", "1:15: found no matching overload for '_==_' applied to '(string, int)'"),
    ],
)
def test_expression_that_does_not_fit_is_warned_of(expression: str, message: str) -> None:
    """The warning names the kind, the place and the expression."""
    fields = {
        "variables": [{"name": "count", "expression": "object.spec.replicas"}],
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
    }
    (warning,) = warnings("true", expression, **fields)
    assert warning["fieldRef"] == "spec.validations[1].expression"
    assert warning["warning"].startswith(f"apps/v1, Kind=Deployment: ERROR: <input>:{message}\n | {expression}\n | ")


def test_every_named_kind_is_checked() -> None:
    """Rules with `*` and subresources name none."""
    rule = {**DEPLOYMENTS, "apiGroups": ["", "apps"], "resources": ["deployments", "pods", "pods/status", "nope"]}
    (warning,) = warnings("object.spec.foo == 1", rule=rule)
    text = "%s: ERROR: <input>:1:12: undefined field 'foo'\n | object.spec.foo == 1\n | ...........^\n"
    assert warning["warning"] == f"{text % '/v1, Kind=Pod'}\n{text % 'apps/v1, Kind=Deployment'}"
    assert warnings("object.spec.foo == 1", rule={**rule, "apiGroups": ["*"]}) == []


@pytest.mark.anyio
async def test_status_states_what_does_not_fit() -> None:
    """For each generation of the spec; the manager of the status is the controller."""
    async with cluster() as client:
        policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "p"}, "spec": spec("object.foo == 1")}
        await client.send("POST", POLICIES, {"apiVersion": "admissionregistration.k8s.io/v1", **policy})
        found = await client.until(f"{POLICIES}/p", _observed(1))
        assert found is not None
        (warning,) = found["status"]["typeChecking"]["expressionWarnings"]
        assert warning["fieldRef"] == "spec.validations[0].expression"
        managers = [
            (each["manager"], each["operation"], each.get("subresource")) for each in found["metadata"]["managedFields"]
        ]
        assert ("validatingadmissionpolicy-status", "Apply", "status") in managers
        change = {"spec": {"validations": [{"expression": "true"}]}}
        await client.send("PATCH", f"{POLICIES}/p", change, content_type="application/merge-patch+json")
        found = await client.until(f"{POLICIES}/p", _observed(2))
        assert found is not None
        assert found["status"] == {"observedGeneration": 2}


def _observed(generation: int) -> Any:
    return lambda obj: obj is not None and (obj.get("status") or {}).get("observedGeneration") == generation
