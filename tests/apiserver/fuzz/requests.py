"""Requests: every verb on every kind and on what is no kind, with options, selectors and headers that are good, odd and wrong."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from random import Random
from urllib.parse import quote

from rootspan_apiserver.resources.resource import Resource
from tests.apiserver.fuzz import bodies
from tests.apiserver.fuzz.mutations import mutated
from tests.apiserver.fuzz.objects import DEFINITION, an_object
from tests.apiserver.fuzz.request import Request
from tests.apiserver.fuzz.values import NAMES, NAMESPACES, text

ODD_NAMES = (
    ".",
    "..",
    "a/b",
    "a%b",
    "A_B",
    "a?b#c",
    "é",
    "x" * 300,
    " ",
    "a b",
    "-",
    "%00",
    "a\x7f",
    "a\nb",
    "kube-root-ca.crt",
    "default",
)
ODD_NAMESPACES = (".", "..", "none", "kube-public", "A_B", "a?b", "é", "x" * 300, "a b")
DOCUMENTS = ("/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1?hash=x", "/metrics")
"""Asked for rarely: they are made anew, in a tenth of a second and more, when the custom resource has changed."""
ODD_PATHS = (
    "/",
    "//",
    "/api",
    "/api/",
    "/api/v1",
    "/api/v1/",
    "/api/v9/pods",
    "/api/v1/namespaces",
    "/api/v1//pods",
    "/api/v1/namespaces//pods",
    "/api/v1/namespaces/default/pods/a/b/c/d",
    "/api/v1/watch/pods",
    "/api/v1/watch/namespaces/default/pods/a",
    "/apis",
    "/apis/apps",
    "/apis/apps/v1",
    "/apis/apps/v1/x/y/z",
    "/apis/x.example.com/v1/namespaces/default/xs",
    "/apis/fuzz.example.com/v1",
    "/healthz",
    "/healthz/ping",
    "/livez/etcd",
    "/readyz?verbose&exclude=etcd",
    "/version",
    "/openapi/v3/%2e%2e",
    "/.well-known/openid-configuration",
    "/openid/v1/jwks",
    "/logs/x",
    "/debug/pprof/",
    "/%00",
    "/%ff%fe",
    "/api/v1/%2e%2e/x",
    "/" + "x" * 5000,
    "/api/v1/namespaces/default/services/http:a:80/proxy/x?y=z",
    "/api/v1/nodes/a/proxy/logs/",
)
METHODS = (*("GET",) * 5, *("POST",) * 5, *("PUT",) * 3, *("PATCH",) * 5, "DELETE")
ODD_METHODS = ("HEAD", "OPTIONS", "FOO", "POST", "DELETE", "PUT")
AS = ";as={};v={};g=meta.k8s.io"
TABLE = f"{bodies.JSON}{AS.format('Table', 'v1')},{bodies.JSON}"
ACCEPTS = (
    "",
    "*/*",
    bodies.JSON,
    bodies.YAML,
    bodies.PROTOBUF,
    f"{bodies.PROTOBUF},{bodies.JSON}",
    *(
        f"{kind}{AS.format(form, version)}"
        for kind in (bodies.JSON, bodies.PROTOBUF)
        for form in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList", "X")
        for version in ("v1", "v1beta1")
    ),
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
    "text/html",
    "application/cbor",
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
    "application/json;q=nan,text/plain;q=x",
    ";;,,;=",
    "é",
)
LABEL_SELECTORS = (
    "a=b",
    "a in (b,c)",
    "!a",
    "a>1",
    "a>x",
    "a=b=c",
    "(",
    "a in ()",
    "x/y/z",
    "é=1",
    "a\x00",
    ",",
    "a notin",
    "a=" + "x" * 100,
)
FIELD_SELECTORS = (
    "metadata.name=fuzz-a",
    "metadata.namespace=default",
    "status.phase=Running",
    "spec.nodeName!=x",
    "spec.text=abc",
    "a=b",
    "a",
    "metadata.name=\\",
    "metadata.name=a\\,b",
    "=",
    ",,",
    "metadata.name=\x00",
    "involvedObject.kind=Pod",
)
NUMBERS = ("0", "1", "2", "-1", "x", "", "9" * 30, "9" * 5000, "1e3", "٣", "0x1", "+1", " 1", "\x00")
TOKENS = tuple(
    urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}).encode()).decode()
    for revision in (1, 5, -1, -5, 2**62, 2**70, 0.5, "1", None)
    for start in ("a\0", "fuzz/fuzz-a\0", "/", "../x", "\ud800", "x" * 5000, 5)
)
QUERIES: dict[str, Sequence[str]] = {
    "dryRun": ("All", "All", "All", "", "x", "all"),
    "fieldManager": ("m", "", "x" * 200, "é", "\x00", "a b"),
    "fieldValidation": ("Strict", "Warn", "Ignore", "", "x"),
    "force": ("true", "false", "", "x"),
    "pretty": ("true", "false", "1", "x"),
    "labelSelector": LABEL_SELECTORS,
    "fieldSelector": FIELD_SELECTORS,
    "limit": NUMBERS,
    "continue": ("x", "", "e30", "é", *TOKENS),
    "resourceVersion": NUMBERS,
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x", ""),
    "sendInitialEvents": ("true", "false", "x"),
    "allowWatchBookmarks": ("true", "x"),
    "timeoutSeconds": NUMBERS,
    "timeout": ("1s", "10s", "5m", "-1s", "٣s"),
    "gracePeriodSeconds": NUMBERS,
    "propagationPolicy": ("Foreground", "Background", "Orphan", "x", ""),
    "orphanDependents": ("true", "false", "x"),
    "includeObject": ("None", "Object", "Metadata", "x"),
    "ignoreStoreReadErrorWithClusterBreakingPotential": ("true", "x"),
    "container": ("c", "x", ""),
    "path": ("/x", "%2e%2e"),
    "x\x00": ("\x7f",),
}
HEADERS: dict[str, Sequence[str]] = {
    "Impersonate-User": ("u", "system:serviceaccount:default:default", "system:anonymous", "é", "x" * 300),
    "User-Agent": ("kubectl/v1.36.0", "", "é\x80", "x" * 3000, "a b"),
    "Audit-ID": ("x", "é", "x" * 200, " "),
    "traceparent": ("00-1111111111111111111111111111111a-b7ad6b7169203331-01", "x", "00-0-0-00"),
    "tracestate": ("a=b", "=,=" * 100),
    "If-None-Match": ('"x"', "*"),
    "Accept-Encoding": ("gzip", "br;q=1, gzip;q=0", "x"),
    "X-Forwarded-For": ("1.2.3.4", "é", ",,"),
    "Content-Encoding": ("gzip", "x"),
    "Cookie": ("a=b",),
    "Origin": ("http://x",),
    "X-Remote-User": ("admin",),
}
IMPERSONATED: dict[str, Sequence[str]] = {
    "Impersonate-Group": ("system:masters", "g", "é", ""),
    "Impersonate-Uid": ("1", ""),
    "Impersonate-Extra-a%2fb": ("c", ""),
    "Impersonate-Extra-%zz": ("c",),
    "Impersonate-Extra-": ("c",),
}
MUTATED = 0.15
"""Of the requests: how many are changed below what their kind knows."""
CALLED = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
"""Kinds that are only created in dry runs: the server would call what they name before every write."""


RESTORE = Request(
    "POST",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    (("Content-Type", bodies.JSON),),
    json.dumps(DEFINITION).encode(),
)
"""Brings back the custom resource, which other requests delete and change."""


def requests(seed: int, resources: Sequence[Resource]) -> Iterator[Request]:
    """Requests without end, the same for the same seed and resources."""
    random = Random(seed)
    while True:
        request = _request(random, random.choice(resources))
        changes = random.random() < MUTATED and not any(plural in request.target for plural in CALLED)
        yield mutated(random, request) if changes else request


def _request(random: Random, resource: Resource) -> Request:
    method = random.choice(METHODS) if random.random() < 0.97 else random.choice(ODD_METHODS)
    if random.random() < 0.005:
        return RESTORE
    if random.random() < 0.04:
        path = random.choice(DOCUMENTS if random.random() < 0.02 else ODD_PATHS)
        return Request(method, path, tuple(_headers(random)), b"", "/watch/" in path)
    name = random.choice(NAMES) if random.random() < 0.9 else random.choice(ODD_NAMES)
    if method == "POST" and random.random() < 0.7:
        name = f"fuzz-{random.randrange(30)}"
    namespace = random.choice(NAMESPACES) if random.random() < 0.95 else random.choice(ODD_NAMESPACES)
    if resource.plural == "customresourcedefinitions" and random.random() < 0.7:
        name = DEFINITION["metadata"]["name"]
    subresource = ""
    if resource.subresources and random.random() < 0.25:
        subresource = random.choice(sorted(resource.subresources))
    elif random.random() < 0.02:
        subresource = random.choice(("status", "x"))
    often = {"PUT": 1.0, "PATCH": 1.0, "DELETE": 0.9, "GET": 0.5}.get(method, 0)
    on_object = bool(subresource) or random.random() < often
    if random.random() < 0.03:
        on_object = not on_object
    query = _query(random, method, dry=resource.plural in CALLED)
    watches = method == "GET" and not on_object and random.random() < 0.04
    if watches:
        query.append(("watch", random.choice(("1", "true", "x"))))
    target = _path(random, resource, namespace, name if on_object else "", subresource)
    watches = watches or "/watch/" in target
    if query:
        target += "?" + "&".join(f"{quote(key)}={quote(value)}" for key, value in query)
    content_type = _content_type(random, method)
    body = b""
    if method in ("POST", "PUT", "PATCH") or (method == "DELETE" and random.random() < 0.4) or random.random() < 0.01:
        body = _body(random, method, content_type, resource, name, namespace, subresource)
    headers = [*_headers(random), ("Content-Type", content_type)] if content_type or body else _headers(random)
    return Request(method, target, tuple(headers), body, watches)


def _path(random: Random, resource: Resource, namespace: str, name: str, subresource: str) -> str:
    group, version = resource.kind.group, resource.kind.version
    parts = ["apis", group, version] if group else ["api", version]
    if resource.namespaced and random.random() < 0.97:
        parts += ["namespaces", namespace]
    parts += [resource.plural, *([name] if name else []), *([subresource] if subresource else [])]
    if random.random() < 0.01:
        parts.insert(random.randrange(len(parts)), random.choice(("", "..", "x", "watch", "proxy")))
    return "/" + "/".join(quote(part, safe="") for part in parts) + ("/" if random.random() < 0.01 else "")


def _query(random: Random, method: str, *, dry: bool) -> list[tuple[str, str]]:
    count = random.choice((0, 0, 0, 1, 1, 2, 4))
    query = [(key, random.choice(QUERIES[key])) for key in random.choices(list(QUERIES), k=count)]
    if method == "PATCH" and random.random() < 0.8:
        query.append(("fieldManager", "m"))
    return [*query, ("dryRun", "All")] if dry and method in ("POST", "PUT", "PATCH") else query


def _headers(random: Random) -> list[tuple[str, str]]:
    headers = [("Accept", random.choice(ACCEPTS[:6]))] if random.random() < 0.4 else []
    if random.random() < 0.08:
        headers = [("Accept", random.choice(ACCEPTS))]
    elif random.random() < 0.1:
        headers = [("Accept", TABLE)]
    if random.random() < 0.15:
        name = random.choice(list(HEADERS))
        headers.append((name, random.choice(HEADERS[name])))
        if name == "Impersonate-User" and random.random() < 0.5:
            more = random.choice(list(IMPERSONATED))
            headers.append((more, random.choice(IMPERSONATED[more])))
    if random.random() < 0.02:
        headers.append(("Authorization", random.choice(("Bearer x", "Bearer ", "Basic YTpi", "x", "Bearer a.b.c", ""))))
    return headers


def _content_type(random: Random, method: str) -> str:
    if random.random() < 0.03:
        return random.choice(bodies.CONTENT_TYPES)
    if method == "PATCH":
        return random.choice(bodies.PATCHES)
    if method in ("POST", "PUT", "DELETE"):
        return random.choice((bodies.JSON, bodies.JSON, bodies.JSON, bodies.YAML, bodies.PROTOBUF, ""))
    return ""


def _body(
    random: Random, method: str, content_type: str, resource: Resource, name: str, namespace: str, subresource: str
) -> bytes:
    if random.random() < 0.02:
        value = bodies.deep(random)
    elif method == "DELETE":
        value = bodies.options(random)
    elif subresource and random.random() < 0.7:
        value = bodies.of_subresource(random, subresource, name)
    elif method == "PATCH":
        value = bodies.patch(random, content_type, resource, name, namespace)
    elif resource.plural.endswith("reviews"):
        value = bodies.review(random, resource)
    else:
        value = an_object(random, resource, name, namespace)
    if random.random() < 0.01:
        value = {"kind": "List", "apiVersion": "v1", "items": [value, text(random)]}
    return bodies.written(random, value, content_type, resource.kind)
