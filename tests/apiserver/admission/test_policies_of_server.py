"""Admission policies in a whole server: connections, namespaces, collections, metrics."""

from typing import Any

import pytest

from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio
GROUP = "admissionregistration.k8s.io/v1"
PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def validate(client: Client, name: str, expression: str, message: str, **rule: Any) -> None:
    """Create a policy with a binding that denies; it is effective at once."""
    match = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], **rule}
    validation = {"expression": expression, "messageExpression": message}
    policy = {"matchConstraints": {"resourceRules": [match]}, "validations": [validation]}
    binding = {"policyName": name, "validationActions": ["Deny"]}
    for plural, kind, spec in (("policies", "Policy", policy), ("policybindings", "PolicyBinding", binding)):
        path = f"/apis/{GROUP}/validatingadmission{plural}"
        await client.create(path, f"ValidatingAdmission{kind}", name, api_version=GROUP, spec=spec)


async def test_policies_see_requests_of_server_as_kube_apiserver_does() -> None:
    """Options of connections, the namespace of a namespace, deletions of collections without names; refusals are counted."""
    async with cluster() as client:
        shown = "string(object.kind) + ' ' + request.operation + ' ' + string(has(object.tty)) + ' ' + string(has(object.stdin))"
        await validate(client, "exec", "object.command != ['rm', '-r']", shown, resources=["pods/exec"])
        await client.create(PODS, "Pod", "one", spec={"containers": [{"name": "c", "image": "i"}]})
        refused = await client.rejected("POST", f"{PODS}/one/exec?command=rm&command=-r&tty=true&stdin=false", {})
        assert refused["code"] == 422
        assert refused["message"].endswith("denied request: PodExecOptions CONNECT true false")
        admitted = await client.rejected("POST", f"{PODS}/one/exec?command=ls", {})
        assert admitted["message"] == "pod one does not have a host assigned"

        await validate(client, "namespaces", "request.name != 'ns'", "request.namespace", resources=["namespaces"])
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}}
        refused = await client.rejected("POST", "/api/v1/namespaces", body)
        assert refused["message"].endswith("denied request: ns")

        await validate(client, "deleted", "has(request.name)", "string(oldObject.data.a)", resources=["configmaps"])
        await client.create(CONFIG_MAPS, "ConfigMap", "c", data={"a": "old"})
        refused = await client.rejected("DELETE", f"{CONFIG_MAPS}?fieldSelector=metadata.name=c", {})
        assert refused["message"].startswith('configmaps "Unknown" is forbidden: ')
        assert refused["message"].endswith("denied request: old")

        counted = 'enforcement_action="deny",error_type="invalid_error",policy="deleted",policy_binding="deleted"} 1'
        assert f"apiserver_validating_admission_policy_check_total{{{counted}" in await client.text("/metrics")
