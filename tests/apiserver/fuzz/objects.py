"""Objects of every kind: some good ones, some with each field at random that their type has, and what is made of both by a change."""

from copy import deepcopy
from random import Random
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.containers import ListType, MapType
from rootspan_apiserver.types.model import Type
from rootspan_apiserver.types.scalars import BooleanType, BytesType, FloatType, IntegerType, StringType
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types
from rootspan_apiserver.types.well_known import IntOrStringType, QuantityType, TimeType
from tests.apiserver.fuzz.policies import POLICIES
from tests.apiserver.fuzz.values import (
    FIELDS,
    JSON_TEXTS,
    KEYS,
    NAMES,
    NAMESPACES,
    NUMBERS,
    QUANTITIES,
    TIMES,
    anything,
    text,
)

POD: JSONObject = {
    "containers": [
        {
            "name": "c",
            "image": "i",
            "ports": [{"containerPort": 80}],
            "env": [{"name": "A", "value": "b"}],
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
        }
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}],
}
SELECTOR: JSONObject = {
    "matchLabels": {"a": "b"},
    "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
}
TEMPLATE: JSONObject = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
ROLE_REF: JSONObject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "fuzz-a"}
GADGET: JSONObject = {
    "spec": {
        "size": 1,
        "ratio": 0.5,
        "text": "abc",
        "when": "2026-11-23T04:26:44Z",
        "port": "http",
        "tags": ["a"],
        "pairs": [{"k": "a", "v": 1}, {"k": "b"}],
        "any": {"b": [1]},
        "map": {"a": 1},
        "either": "ab",
        "inner": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {}},
    }
}
GOOD: dict[str, JSONObject] = {
    "pods": {"spec": POD},
    "podtemplates": {"template": TEMPLATE},
    "replicationcontrollers": {"spec": {"selector": {"a": "b"}, "template": TEMPLATE}},
    "deployments": {"spec": {"selector": SELECTOR, "template": TEMPLATE, "strategy": {"type": "RollingUpdate"}}},
    "replicasets": {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    "daemonsets": {"spec": {"selector": SELECTOR, "template": TEMPLATE}},
    "statefulsets": {"spec": {"selector": SELECTOR, "template": TEMPLATE, "serviceName": "s"}},
    "jobs": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
    "cronjobs": {
        "spec": {
            "schedule": "*/5 * * * *",
            "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
        }
    },
    "services": {"spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, "type": "NodePort"}},
    "endpoints": {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]},
    "endpointslices": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 80}]},
    "configmaps": {"data": {"a": "b"}, "binaryData": {"c": "YQ=="}},
    "secrets": {"data": {"a": "YQ=="}, "type": "Opaque"},
    "resourcequotas": {"spec": {"hard": {"pods": "10", "requests.cpu": "1"}}},
    "limitranges": {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "max": {"cpu": "2"}}]}},
    "persistentvolumes": {
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    },
    "persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    "roles": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    "clusterroles": {
        "rules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}],
        "aggregationRule": {"clusterRoleSelectors": [SELECTOR]},
    },
    "rolebindings": {
        "roleRef": ROLE_REF,
        "subjects": [{"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"}],
    },
    "clusterrolebindings": {
        "roleRef": ROLE_REF,
        "subjects": [{"kind": "ServiceAccount", "name": "s", "namespace": "fuzz"}],
    },
    "ingresses": {"spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}},
    "networkpolicies": {
        "spec": {"podSelector": SELECTOR, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/24"}}]}]}
    },
    "poddisruptionbudgets": {"spec": {"minAvailable": "50%", "selector": SELECTOR}},
    "horizontalpodautoscalers": {
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "fuzz-a"}}
    },
    "priorityclasses": {"value": 5},
    "storageclasses": {"provisioner": "example.com/p"},
    "leases": {"spec": {"holderIdentity": "h", "leaseDurationSeconds": 15, "renewTime": "2026-11-23T04:26:44.000001Z"}},
    "events": {
        "involvedObject": {"kind": "Pod", "name": "fuzz-a", "namespace": "fuzz"},
        "reason": "r",
        "type": "Normal",
    },
    "nodes": {"spec": {"podCIDR": "10.9.0.0/24", "taints": [{"key": "a", "effect": "NoSchedule"}]}},
    "gadgets": GADGET,
}
DEFINITION: JSONObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gadgets.fuzz.example.com"},
    "spec": {
        "group": "fuzz.example.com",
        "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {
                        "specReplicasPath": ".spec.size",
                        "statusReplicasPath": ".status.size",
                        "labelSelectorPath": ".status.selector",
                    },
                },
                "selectableFields": [{"jsonPath": ".spec.text"}],
                "additionalPrinterColumns": [
                    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                    {"name": "When", "type": "date", "jsonPath": ".spec.when"},
                    {"name": "Tag", "type": "string", "jsonPath": ".spec.tags[0]"},
                ],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "size": {
                                        "type": "integer",
                                        "format": "int32",
                                        "minimum": 0,
                                        "multipleOf": 1,
                                        "default": 1,
                                    },
                                    "ratio": {"type": "number", "maximum": 10, "exclusiveMaximum": True},
                                    "text": {"type": "string", "pattern": "^(a+)+|[a-z]+$", "maxLength": 100},
                                    "when": {"type": "string", "format": "date-time", "nullable": True},
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "tags": {
                                        "type": "array",
                                        "items": {"type": "string"},
                                        "x-kubernetes-list-type": "set",
                                    },
                                    "pairs": {
                                        "type": "array",
                                        "x-kubernetes-list-type": "map",
                                        "x-kubernetes-list-map-keys": ["k"],
                                        "items": {
                                            "type": "object",
                                            "required": ["k"],
                                            "properties": {
                                                "k": {"type": "string"},
                                                "v": {"type": "integer", "default": 7},
                                            },
                                        },
                                    },
                                    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                                    "either": {"type": "string", "oneOf": [{"pattern": "^a"}, {"maxLength": 2}]},
                                    "inner": {
                                        "type": "object",
                                        "x-kubernetes-embedded-resource": True,
                                        "x-kubernetes-preserve-unknown-fields": True,
                                    },
                                },
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}
GOOD["customresourcedefinitions"] = {"spec": DEFINITION["spec"]}
GOOD |= POLICIES


def an_object(random: Random, resource: Resource, name: str, namespace: str) -> Any:
    """An object that may be created at `resource`, or nearly."""
    struct = go_types().struct_of(resource.kind)
    good = GOOD.get(resource.plural)
    if good is not None and (struct is None or random.random() < 0.75):
        obj = deepcopy(good)
    elif struct is not None:
        obj = filled(random, struct, 0)
    else:
        obj = {"spec": anything(random)}
    obj |= {"apiVersion": resource.kind.api_version, "kind": resource.kind.kind}
    metadata: JSONObject = {"name": name}
    if resource.namespaced and random.random() < 0.5:
        metadata["namespace"] = namespace
    if random.random() < 0.2:
        metadata |= filled(random, go_types().struct("meta/v1.ObjectMeta"), 0)
    if random.random() < 0.1:
        metadata["managedFields"] = [managed(random) for _ in range(random.randrange(4))]
    obj["metadata"] = metadata
    if struct is not None:
        for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
            enrich(random, obj, struct)
    for _ in range(random.choice((0, 0, 0, 1, 1, 2, 5))):
        obj = changed(random, obj)
    return obj


def managed(random: Random) -> Any:
    """An entry of managedFields."""
    entry: Any = {
        "manager": random.choice(("m", "kubectl", "")),
        "operation": random.choice(("Apply", "Update", "x")),
        "apiVersion": random.choice(("v1", "apps/v1", "fuzz.example.com/v1", "x/y/z", "")),
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(random, 0),
        "time": random.choice(TIMES),
        "subresource": random.choice(("", "status", "scale")),
    }
    return changed(random, entry) if random.random() < 0.2 else entry


def _fields(random: Random, depth: int) -> Any:
    count = 0 if depth > 4 else random.choice((0, 1, 2, 3))
    return {random.choice(FIELDS): _fields(random, depth + 1) for _ in range(count)}


def filled(random: Random, struct: StructType, depth: int) -> JSONObject:
    """Some of the fields of a type with values of their types, not all of them good."""
    names = list(struct.fields)
    chosen = names if depth == 0 else random.sample(names, min(len(names), random.randrange(4)))
    return {name: _value(random, struct.fields[name].type, depth + 1) for name in chosen if name != "managedFields"}


def enrich(random: Random, obj: JSONObject, struct: StructType) -> None:
    """Give one field somewhere in the object, mostly one that it has not, a value of its type."""
    name = random.choice(list(struct.fields))
    inner = [key for key, value in obj.items() if isinstance(value, dict | list) and value and key in struct.fields]
    if not inner or random.random() < 0.25:
        if name not in ("metadata", "kind", "apiVersion"):
            obj[name] = _value(random, struct.fields[name].type, 6)
        return
    name = random.choice(inner)
    kind, value = struct.fields[name].type, obj[name]
    if isinstance(kind, ListType) and isinstance(kind.element, StructType) and isinstance(value, list):
        kind, value = kind.element, random.choice(value)
    if isinstance(kind, StructType) and isinstance(value, dict):
        enrich(random, value, kind)
    else:
        obj[name] = _value(random, kind, 6)


def _value(random: Random, kind: Type, depth: int) -> Any:
    if random.random() < 0.03:
        return anything(random)
    match kind:
        case StructType():
            return filled(random, kind, depth) if depth < 9 else {}
        case ListType():
            return [_value(random, kind.element, depth) for _ in range(random.choice((0, 1, 1, 2)))]
        case MapType():
            if isinstance(kind.element, StringType) and random.random() < 0.1:
                return {random.choice(KEYS): random.choice(JSON_TEXTS)}
            keys = [
                random.choice(KEYS) if random.random() < 0.7 else text(random) for _ in range(random.choice((0, 1, 2)))
            ]
            return {key: _value(random, kind.element, depth) for key in keys}
        case StringType():
            return random.choice((*NAMES, *NAMESPACES)) if random.random() < 0.3 else text(random)
        case BooleanType():
            return random.random() < 0.5
        case IntegerType() | FloatType():
            return random.choice(NUMBERS)
        case IntOrStringType():
            return random.choice((*NUMBERS[:8], "50%", "²%", "http", "9" * 5000 + "%"))
        case QuantityType():
            return random.choice(QUANTITIES)
        case TimeType():
            return random.choice(TIMES)
        case BytesType():
            return random.choice(("YQ==", "", "YQ=", "é"))
        case _:
            return anything(random)


def changed(random: Random, value: Any) -> Any:
    """The value with one thing in it replaced, removed, doubled or added."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.05:
        return _other(random, value)
    if isinstance(value, list):
        index = random.randrange(len(value))
        change = random.randrange(4)
        if change == 0:
            return value[:index] + value[index + 1 :]
        if change == 1:
            return [*value, value[index]]
        return [*value[:index], changed(random, value[index]), *value[index + 1 :]]
    key = random.choice(list(value))
    change = random.randrange(8)
    if change == 0:
        return {name: item for name, item in value.items() if name != key}
    if change == 1:
        return {**value, text(random): anything(random)}
    if change == 2:
        return {**value, key: anything(random)}
    return {**value, key: changed(random, value[key])}


def _other(random: Random, value: Any) -> Any:
    """Another value, mostly of the same type."""
    if random.random() < 0.25:
        return anything(random)
    match value:
        case str():
            return text(random)
        case bool():
            return not value
        case int() | float():
            return random.choice(NUMBERS)
    return anything(random)
