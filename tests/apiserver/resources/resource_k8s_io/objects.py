"""Objects of resource.k8s.io in which as much is set as goes together."""

from typing import Any

import orjson

from rootspan_apiserver.kube.meta import JSONObject

TOLERATION = {"key": "example.com/hot", "operator": "Equal", "value": "v", "effect": "NoSchedule"}
EXACTLY: JSONObject = {
    "deviceClassName": "gpu.example.com",
    "selectors": [{"cel": {"expression": "true"}}],
    "allocationMode": "ExactCount",
    "count": 2,
    "tolerations": [TOLERATION],
}
CLAIM: JSONObject = {
    "requests": [
        {"name": "gpu", "exactly": EXACTLY},
        {
            "name": "net",
            "firstAvailable": [
                {"name": "fast", **EXACTLY},
                {"name": "slow", **EXACTLY, "allocationMode": "All", "count": 0},
            ],
        },
    ],
    "constraints": [{"requests": ["gpu", "net/fast"], "matchAttribute": "example.com/numa"}],
    "config": [{"requests": ["net"], "opaque": {"driver": "net.example.com", "parameters": {"a": 1}}}],
}
RESULT: JSONObject = {
    "request": "gpu",
    "driver": "gpu.example.com",
    "pool": "rack/one",
    "device": "gpu0",
    "bindingConditions": ["example.com/ready"],
    "bindingFailureConditions": ["example.com/broken"],
    "shareID": "123e4567-e89b-12d3-a456-426614174000",
}
STATUS: JSONObject = {
    "allocation": {
        "devices": {
            "results": [RESULT],
            "config": [
                {
                    "source": "FromClass",
                    "requests": ["gpu"],
                    "opaque": {"driver": "gpu.example.com", "parameters": {"a": 1}},
                }
            ],
        },
        "nodeSelector": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
        },
    },
    "reservedFor": [{"resource": "pods", "name": "p", "uid": "1"}, {"resource": "pods", "name": "q", "uid": "2"}],
    "devices": [
        {
            "driver": "gpu.example.com",
            "pool": "rack/one",
            "device": "gpu0",
            "shareID": "123e4567-e89b-12d3-a456-426614174000",
            "data": {"a": 1},
            "networkData": {"interfaceName": "eth0", "hardwareAddress": "0a:1b", "ips": ["10.0.0.1/8", "fe80::1/64"]},
        }
    ],
}
SLICE: JSONObject = {
    "driver": "gpu.example.com",
    "pool": {"name": "rack/one", "generation": 1, "resourceSliceCount": 1},
    "nodeName": "node1",
    "devices": [
        {
            "name": "gpu0",
            "attributes": {
                "model": {"string": "x"},
                "example.com/numa": {"int": 0},
                "v": {"version": "1.2.3-rc.1+b"},
                "ok": {"bool": False},
            },
            "capacity": {"memory": {"value": "1Gi"}},
            "taints": [{"key": "example.com/hot", "value": "v", "effect": "NoExecute"}],
            "consumesCounters": [{"counterSet": "shared", "counters": {"memory": {"value": "1Gi"}}}],
            "bindingConditions": ["example.com/ready"],
            "bindingFailureConditions": ["example.com/broken"],
        }
    ],
}
COUNTERS: JSONObject = {
    "driver": "gpu.example.com",
    "pool": {"name": "rack/one", "generation": 1, "resourceSliceCount": 1},
    "allNodes": True,
    "sharedCounters": [{"name": "shared", "counters": {"memory": {"value": "1Gi"}}}],
}
CLASS: JSONObject = {
    "selectors": [{"cel": {"expression": "true"}}],
    "config": [{"opaque": {"driver": "gpu.example.com", "parameters": {"a": 1}}}],
    "extendedResourceName": "example.com/gpu",
}

REMOVE = object()


def changed(value: JSONObject, place: str, to: Any) -> JSONObject:
    """Return a copy in which the field at a place like `requests/0/name` has another value, or none (`REMOVE`)."""
    copy: JSONObject = orjson.loads(orjson.dumps(value))  # parts that stand in several places become several
    at: Any = copy
    *steps, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    for step in steps:
        at = at[step]
    if to is REMOVE:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(to)
    else:
        at[last] = to
    return copy
