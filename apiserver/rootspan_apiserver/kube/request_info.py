"""What a request is about, read from its method, path and query.

    /api/{version}/namespaces/{namespace}/{resource}/{name}/{subresource}
    /apis/{group}/{version}/{resource}/{name}

A namespace is itself a resource: `/api/v1/namespaces/team` has namespace and name `team`. Any other path, such as `/version` or
`/apis/apps/v1`, is no resource request, and its verb is the HTTP method in lower case.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl

from rootspan_apiserver.kube.asgi import Scope

_METHODS = MappingProxyType(
    {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
)
_VERBS_IN_PATHS = frozenset({"watch", "proxy"})
_COLLECTION_VERBS = frozenset({"list", "watch", "deletecollection"})
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_EXACT_NAME = ("metadata.name==", "metadata.name=")
_KEY = "rootspan.request_info"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """What a request is about.

    Attributes:
        path: The whole path.
        verb: The API's verb: get, list, watch, create, update, patch, delete or deletecollection; the lower-case HTTP method of a
            request that is not about a resource.
        parts: The segments of the path from the resource on.
    """

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
        """`apps/v1`, `v1`, or "" for a request that is not about a resource."""
        return f"{self.api_group}/{self.api_version}" if self.api_group else self.api_version


def request_info(scope: Scope) -> RequestInfo:
    """Return the info of an ASGI HTTP scope, which is resolved once and kept in the scope."""
    info: RequestInfo | None = scope.get(_KEY)
    if info is None:
        info = scope[_KEY] = resolve(scope["method"], scope["path"], scope.get("query_string", b""))
    return info


def is_true(value: str) -> bool:
    """Return a boolean query parameter as Kubernetes reads it: false is `false` or `0`; even the empty value is true."""
    return value.lower() not in ("false", "0")


def split_path(path: str) -> list[str]:
    """Return the segments of a path, empty ones between others among them."""
    trimmed = path.strip("/")
    return trimmed.split("/") if trimmed else []


def resolve(method: str, path: str, query_string: bytes = b"") -> RequestInfo:
    """Resolve a request. It never fails: a path that fits no pattern is no resource request."""
    prefix = group = ""
    match split_path(path):
        case ["api" as prefix, version, first, *rest]:
            pass
        case ["apis" as prefix, group, version, first, *rest]:
            pass
        case ["apis" as prefix, _, _]:
            return RequestInfo(is_resource_request=False, path=path, verb=method.lower(), api_prefix=prefix)
        case _:
            return RequestInfo(is_resource_request=False, path=path, verb=method.lower())
    verb, parts = _METHODS.get(method, ""), (first, *rest)
    if first in _VERBS_IN_PATHS:
        verb, parts = first, tuple(rest)
    namespace, parts = _namespace(parts)
    name = parts[1] if len(parts) > 1 else ""
    query = _first_values(query_string) if query_string and (verb == "watch" or not name) else {}
    if not name:
        verb, name = _of_collection(verb, query)
    selecting = verb in _COLLECTION_VERBS
    return RequestInfo(
        is_resource_request=True,
        path=path,
        verb=verb,
        api_prefix=prefix,
        api_group=group,
        api_version=version,
        namespace=namespace,
        resource=parts[0] if parts else "",
        subresource=parts[2] if len(parts) > 2 and verb != "proxy" else "",
        name=name,
        parts=parts,
        field_selector=query.get("fieldSelector", "") if selecting else "",
        label_selector=query.get("labelSelector", "") if selecting else "",
    )


def _namespace(parts: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the namespace in the parts of a path, and the parts from the resource on."""
    if len(parts) < 2 or parts[0] != "namespaces":
        return "", parts
    is_namespace_itself = len(parts) == 2 or parts[2] in _NAMESPACE_SUBRESOURCES
    return parts[1], parts if is_namespace_itself else parts[2:]


def _of_collection(verb: str, query: Mapping[str, str]) -> tuple[str, str]:
    """Return verb and name of a request whose path names no object; a field selector may name it."""
    match verb:
        case "get":
            return "watch" if is_true(query.get("watch", "0")) else "list", _name_of(query.get("fieldSelector", ""))
        case "watch":
            return verb, _name_of(query.get("fieldSelector", ""))
        case "delete":
            return "deletecollection", ""
    return verb, ""


def _first_values(query_string: bytes) -> Mapping[str, str]:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return dict(reversed(pairs))


def _name_of(field_selector: str) -> str:
    """Return the name that a field selector demands, if it can be the name of an object."""
    for term in field_selector.split(","):
        for prefix in _EXACT_NAME:
            if term.startswith(prefix):
                name = term.removeprefix(prefix)
                return name if name not in (".", "..") and "/" not in name and "%" not in name else ""
    return ""
