"""Admission policies that are called for the custom resource of the fuzzer.

They fail open, so that requests still get past them.
"""

from rootspan_apiserver.kube.meta import JSONObject

GADGETS: JSONObject = {
    "resourceRules": [
        {"apiGroups": ["fuzz.example.com"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["gadgets"]}
    ]
}
CONDITIONS = [{"name": "m", "expression": "request.operation != 'DELETE' && has(object.spec)"}]
POLICIES: dict[str, JSONObject] = {
    "validatingadmissionpolicies": {
        "spec": {
            "failurePolicy": "Ignore",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": GADGETS,
            "matchConditions": CONDITIONS,
            "variables": [{"name": "s", "expression": "object.spec.size"}],
            "validations": [
                {"expression": "variables.s < 1000", "messageExpression": "'size ' + string(variables.s)"},
                {"expression": "params == null || !('a' in params.data) || params.data.a.matches('^.*$')"},
            ],
            "auditAnnotations": [{"key": "k", "valueExpression": "string(object.spec.any)"}],
        }
    },
    "validatingadmissionpolicybindings": {
        "spec": {
            "policyName": "fuzz-a",
            "validationActions": ["Warn", "Audit"],
            "paramRef": {"name": "fuzz-a", "namespace": "fuzz", "parameterNotFoundAction": "Allow"},
        }
    },
    "mutatingadmissionpolicies": {
        "spec": {
            "failurePolicy": "Ignore",
            "reinvocationPolicy": "IfNeeded",
            "matchConstraints": GADGETS,
            "matchConditions": CONDITIONS,
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": "Object{spec: Object.spec{text: 'abc'}}"},
                },
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {"expression": "[JSONPatch{op: 'add', path: '/spec/map', value: {'b': 2}}]"},
                },
            ],
        }
    },
    "mutatingadmissionpolicybindings": {"spec": {"policyName": "fuzz-a"}},
}
