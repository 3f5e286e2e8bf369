"""Policies and bindings for tests, and what a request to them answers."""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts

GROUP = "admissionregistration.k8s.io/v1"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}


def put_policy(parts: Parts, kind: str, name: str, **spec: Any) -> None:
    """Put a policy of a kind (`Validating` or `Mutating`) into the cache, for config maps unless the spec says otherwise."""
    match = {"resourceRules": [RULE], "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
    constraints = match | spec.pop("matchConstraints", {})
    spec = {"failurePolicy": "Fail", **spec, "matchConstraints": constraints}
    _put(parts, f"{kind}AdmissionPolicy", f"{kind.lower()}admissionpolicies", name, spec)


def put_binding(parts: Parts, kind: str, name: str, policy: str = "", **spec: Any) -> None:
    """Put a binding of the policy into the cache, of that of the same name unless one is given."""
    if kind == "Validating":
        spec = {"validationActions": ["Deny"], **spec}
    plural = f"{kind.lower()}admissionpolicybindings"
    _put(parts, f"{kind}AdmissionPolicyBinding", plural, name, {"policyName": policy or name, **spec})


def _put(parts: Parts, kind: str, plural: str, name: str, spec: JSONObject) -> None:
    parts.put(f"{GROUP}/{plural}", {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": spec})


def validating(parts: Parts, *validations: JSONObject, name: str = "p", **spec: Any) -> None:
    """Put a validating policy with a binding that denies."""
    put_policy(parts, "Validating", name, validations=list(validations), **spec)
    put_binding(parts, "Validating", name)


def mutating(parts: Parts, *mutations: JSONObject, name: str = "p", **spec: Any) -> None:
    """Put a mutating policy with a binding."""
    put_policy(parts, "Mutating", name, mutations=list(mutations), **{"reinvocationPolicy": "Never", **spec})
    put_binding(parts, "Mutating", name)


def applying(expression: str) -> JSONObject:
    """A mutation by an apply configuration."""
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patching(expression: str) -> JSONObject:
    """A mutation by a JSON patch."""
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


async def refusal(parts: Parts, obj: JSONObject | None, **fields: Any) -> StatusError | None:
    """The error by which the validating phase refuses an operation, None if it does not."""
    try:
        await parts.admission.validate(parts.attributes(obj, **fields))
    except StatusError as exc:
        return exc
    return None


def why(refused: StatusError | None, policy: str = "p", binding: str = "") -> str:
    """What a policy says, of the error of a config map `c1`."""
    assert refused is not None
    by = f"ValidatingAdmissionPolicy '{policy}' with binding '{binding or policy}' denied request: "
    prefix = f'configmaps "c1" is forbidden: {by}'
    assert refused.message.startswith(prefix), refused.message
    return refused.message.removeprefix(prefix)
