"""What a request is about, read from its method and path alone (`RequestInfo` of k8s.io/apiserver).

    /api/v1/namespaces/{namespace}/{resource}/{name}/{subresource}
    /apis/{group}/{version}/{resource}/{name}

A namespace is itself a resource: `/api/v1/namespaces/team` has namespace and name `team`. Anything else, `/version` or `/apis/apps/v1`, is
not a resource request and its verb is the HTTP method in lower case.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from rootspan_apiserver.kube.asgi import Scope

_METHODS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_COLLECTION_VERBS = frozenset({"list", "watch", "deletecollection"})
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_EXACT_NAME = ("metadata.name==", "metadata.name=")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """`verb` is the API's verb (get, list, watch, create, update, patch, delete, deletecollection, or the lower-case HTTP method
    for a path that is not a resource); `parts` the path below the version, the namespace taken off."""

    is_resource_request: bool
    path: str
    verb: str
    api_prefix: str = ""
    api_group: str = ""
    api_version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    parts: tuple[str, ...] = ()
    field_selector: str = ""
    label_selector: str = ""

    @property
    def group_version(self) -> str:
        """`apps/v1`, `v1`, or "" for what is not a resource."""
        return f"{self.api_group}/{self.api_version}" if self.api_group else self.api_version


def request_info(scope: Scope) -> RequestInfo:
    """The info of an ASGI HTTP scope, resolved once and kept in it."""
    info: RequestInfo | None = scope.get("rootspan.request_info")
    if info is None:
        info = scope["rootspan.request_info"] = resolve(scope["method"], scope["path"], scope.get("query_string", b""))
    return info


def span_name(scope: Scope) -> str:
    """The server span's name since v1.31: the method, and for a resource its route with placeholders."""
    info = request_info(scope)
    method: str = scope["method"]
    if not info.is_resource_request:
        return method
    route = [method + " ", info.api_prefix]
    if info.api_group:
        route.append(info.api_group)
    route.append(info.api_version)
    if info.namespace:
        route.append("namespaces/{:namespace}")
    route.append(info.resource)
    if info.name:
        route.append("{:name}")
    if info.subresource:
        route.append(info.subresource)
    return "/".join(route)


def is_true(value: str) -> bool:
    """A boolean query parameter as Kubernetes reads one: everything but `false` and `0`, the empty value included."""
    return value.lower() not in ("false", "0")


def split_path(path: str) -> list[str]:
    """Return the segments of a path, empty ones between others among them."""
    trimmed = path.strip("/")
    return trimmed.split("/") if trimmed else []


def resolve(method: str, path: str, query_string: bytes = b"") -> RequestInfo:
    """Read a method and a path. Never raises: a path that fits no rule is not a resource request."""
    match split_path(path):
        case ["api", version, first, *rest]:
            prefix, group = "api", ""
        case ["apis", group, version, first, *rest]:
            prefix = "apis"
        case ["apis", _, _]:
            return RequestInfo(False, path, method.lower(), api_prefix="apis")
        case _:
            return RequestInfo(False, path, method.lower())
    verb = _METHODS.get(method, "")
    shape = [first, *rest]
    if first in ("watch", "proxy"):
        verb, shape = first, rest
    namespace = ""
    match shape:
        case ["namespaces", namespace, below, *_] if below not in _NAMESPACE_SUBRESOURCES:
            shape = shape[2:]
        case ["namespaces", namespace, *_]:
            pass
    name = shape[1] if len(shape) > 1 else ""
    if not name and verb == "delete":
        verb = "deletecollection"
    elif not name and verb in ("get", "watch"):
        query = _first_values(query_string)
        if verb == "get":
            verb = "watch" if is_true(query.get("watch", "0")) else "list"
        name = _name_of(query.get("fieldSelector", ""))
    query = _first_values(query_string) if verb in _COLLECTION_VERBS else {}
    return RequestInfo(
        True,
        path,
        verb,
        api_prefix=prefix,
        api_group=group,
        api_version=version,
        namespace=namespace,
        resource=shape[0] if shape else "",
        subresource=shape[2] if len(shape) > 2 and verb != "proxy" else "",
        name=name,
        parts=tuple(shape),
        field_selector=query.get("fieldSelector", ""),
        label_selector=query.get("labelSelector", ""),
    )


def _first_values(query_string: bytes) -> Mapping[str, str]:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return dict(reversed(pairs)) if pairs else {}


def _name_of(field_selector: str) -> str:
    for term in field_selector.split(","):
        for prefix in _EXACT_NAME:
            if term.startswith(prefix):
                name = term.removeprefix(prefix)
                return name if name not in (".", "..") and "/" not in name and "%" not in name else ""
    return ""
