"""Bodies: objects, patches and options in each format, whole and broken."""

import json
from random import Random
from typing import Any

import yaml

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.protobuf import encode
from tests.apiserver.fuzz.objects import an_object, changed
from tests.apiserver.fuzz.values import NAMES, anything, deep, text

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
PATCHES = tuple(
    f"application/{name}"
    for name in ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")
)
CONTENT_TYPES = (
    *PATCHES,
    JSON,
    YAML,
    PROTOBUF,
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "application/cbor",
    ";;;",
    "é",
)
POINTERS = (
    "",
    "/",
    "/kind",
    "/apiVersion",
    "/metadata",
    "/metadata/name",
    "/metadata/labels/a",
    "/metadata/finalizers/-",
    "/metadata/resourceVersion",
    "/metadata/managedFields",
    "/spec",
    "/spec/replicas",
    "/spec/containers/0/image",
    "/spec/containers/-",
    "/spec/containers/99999999999999999999",
    "/spec/template/spec/containers/-1",
    "/data/a",
    "/data/~0~1",
    "/status",
    "/status/conditions/0",
    "x",
    "/~2",
)
DIRECTIVES: tuple[dict[str, Any], ...] = (
    {"$patch": "delete"},
    {"$patch": "replace"},
    {"$patch": 5},
    {"$patch": "x"},
    {"$retainKeys": ["a"]},
    {"$retainKeys": 5},
    {"$setElementOrder/containers": [{"name": "c"}]},
    {"$setElementOrder/finalizers": "x"},
    {"$deleteFromPrimitiveList/finalizers": ["a"]},
    {"$deleteFromPrimitiveList/finalizers": 5},
    {"metadata": {"finalizers": {"$patch": "delete"}, "labels": [1]}},
    {"spec": {"containers": [{"name": "c", "$patch": "delete"}, {"image": "no name"}]}},
    {"spec": {"containers": [{"$patch": "replace"}, None, 5]}},
    {"spec": {"template": {"spec": {"volumes": [{"name": "v", "$retainKeys": ["name"]}]}}}},
)
BREAKS = (
    b"",
    b"null",
    b"[]",
    b"5",
    b'"x"',
    b"{",
    b"{}",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"\xff\xfe",
    b"k8s\x00",
    b"k8s\x00\xff\xff\xff",
    b"[" * 10_000,
    b'{"a":' * 10_000,
    b'{"kind":5}',
    b'{"metadata":{"name":"\\ud800"}}',
    b'{"metadata":{"name":"a","name":"b"},"metadata":null}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":1e999}',
    b'{"a":-0}',
    b"a: &a [*a]",
    b"a: 0x" + b"f" * 5000,
    b"a: .nan\nb: .inf",
    b"--- 1\n--- 2\n",
    b"? [a]\n: b",
    b"<<: 5",
    b"a: !!binary YQ==\nb: !!set {x}\nc: !!timestamp 2026-01-01",
    b"y: no\n1: 2\n~: x\n2026-01-01: x",
)


def written(random: Random, value: Any, content_type: str, kind: GroupVersionKind) -> bytes:
    """The value in the format of the content type, now and then in another; now and then with bytes of it changed."""
    if random.random() < 0.03:
        return random.choice(BREAKS)
    if content_type == PROTOBUF and random.random() < 0.95:
        body = _protobuf(value, kind)
    elif content_type.endswith("yaml") and random.random() < 0.3:
        body = _yaml(value)
    else:
        body = json.dumps(value, ensure_ascii=random.random() < 0.5).encode()
    return _broken(random, body) if random.random() < 0.06 else body


def _yaml(value: Any) -> bytes:
    """The value in YAML's own notation, or as JSON where that is too deep for the library that writes it."""
    try:
        return yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True).encode()
    except RecursionError:
        return json.dumps(value).encode()


def _protobuf(value: Any, kind: GroupVersionKind) -> bytes:
    """The message, or JSON where the value is none: what does not fit its type cannot be written."""
    try:
        return encode(value, kind) or b"k8s\x00"
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        return json.dumps(value).encode()


def _broken(random: Random, body: bytes) -> bytes:
    position = random.randrange(len(body) + 1)
    change = random.randrange(6)
    if change == 0:
        return body[:position]
    if change == 1:
        return body[:position] + bytes([random.randrange(256)]) + body[position + 1 :]
    if change == 2:
        return (
            body[:position]
            + random.choice((b"\\ud800", b"\\u0000", b"\x00", b"\xff", b'"', b"\n", b"{", b"9" * 400))
            + body[position:]
        )
    if change == 3:
        return body + body
    if change == 4:
        return body[:position] + body[position + random.randrange(20) :]
    return body.replace(b'"name"', b'"name":"twice","name"', 1)


def patch(random: Random, content_type: str, resource: Resource, name: str, namespace: str) -> Any:
    """A patch of that type."""
    obj = an_object(random, resource, name, namespace)
    if content_type == PATCHES[0]:
        return [_operation(random) for _ in range(random.choice((0, 1, 1, 2, 5)))]
    if not isinstance(obj, dict):
        return obj
    if content_type == PATCHES[2] and random.random() < 0.5:
        return {**{key: obj[key] for key in obj if random.random() < 0.5}, **random.choice(DIRECTIVES)}
    if content_type in PATCHES[1:3]:
        return (
            {key: obj[key] for key in obj if random.random() < 0.5} if random.random() < 0.8 else changed(random, obj)
        )
    return obj


def _operation(random: Random) -> Any:
    operation: dict[str, Any] = {
        "op": random.choice(("add", "remove", "replace", "move", "copy", "test", "x")),
        "path": random.choice(POINTERS),
    }
    if random.random() < 0.8:
        operation["value"] = anything(random)
    if random.random() < 0.4:
        operation["from"] = random.choice(POINTERS)
    return changed(random, operation) if random.random() < 0.1 else operation


def options(random: Random) -> Any:
    """Options of a deletion."""
    found: Any = {
        "kind": "DeleteOptions",
        "apiVersion": random.choice(("v1", "meta.k8s.io/v1", "policy/v1", "x")),
        "gracePeriodSeconds": random.choice((0, 1, -1, 2**63 - 1, None, "x")),
        "propagationPolicy": random.choice(("Foreground", "Background", "Orphan", "x", None, 5)),
        "preconditions": random.choice(({"uid": "x"}, {"resourceVersion": "1"}, {}, None, 5)),
        "dryRun": random.choice((["All"], [], ["x"], None)),
    }
    found = {key: item for key, item in found.items() if random.random() < 0.5}
    return changed(random, found) if random.random() < 0.2 else found


def of_subresource(random: Random, subresource: str, name: str) -> Any:
    """What the subresource takes, or nearly."""
    metadata = {"name": random.choice((name, name, "x", ""))}
    body: Any = {
        "scale": {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": metadata,
            "spec": {"replicas": random.choice((1, -1, 2**31))},
        },
        "eviction": {
            "kind": "Eviction",
            "apiVersion": "policy/v1",
            "metadata": metadata,
            "deleteOptions": options(random),
        },
        "binding": {
            "kind": "Binding",
            "apiVersion": "v1",
            "metadata": metadata,
            "target": {"kind": "Node", "name": random.choice(NAMES)},
        },
        "token": {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "spec": {
                "audiences": random.choice(([], ["a"], None)),
                "expirationSeconds": random.choice((600, 3600, 0, -1, 2**40)),
                "boundObjectRef": random.choice((None, {"kind": "Pod", "name": name}, {"kind": "x"}, {})),
            },
        },
    }.get(
        subresource,
        {"metadata": metadata, "status": random.choice(({"replicas": 1, "conditions": []}, anything(random)))},
    )
    return changed(random, body) if random.random() < 0.5 else body


def review(random: Random, resource: Resource) -> Any:
    """A review of access, of a token, or of oneself."""
    spec = {
        "user": random.choice(("u", "", text(random))),
        "groups": random.choice((["g"], [], ["system:masters"], None)),
        "uid": text(random),
        "extra": random.choice(({"a": ["b"]}, None, {})),
        "token": random.choice(("x", "", "a.b.c", text(random))),
        "audiences": random.choice((["a"], None)),
        "namespace": random.choice(("default", "")),
        "resourceAttributes": {"verb": "get", "resource": "pods", "name": text(random), "group": text(random)},
        "nonResourceAttributes": {"path": "/x", "verb": "get"},
    }
    spec = {key: item for key, item in spec.items() if random.random() < 0.5}
    body = {"kind": resource.kind.kind, "apiVersion": resource.kind.api_version, "metadata": {}, "spec": spec}
    return changed(random, body) if random.random() < 0.3 else body


__all__ = [
    "CONTENT_TYPES",
    "JSON",
    "PATCHES",
    "PROTOBUF",
    "YAML",
    "deep",
    "of_subresource",
    "options",
    "patch",
    "review",
    "written",
]
