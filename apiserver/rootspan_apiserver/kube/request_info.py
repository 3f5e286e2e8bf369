"""What a request is about, read from its method and path alone (`RequestInfo` of k8s.io/apiserver).

    /api/v1/namespaces/{namespace}/{resource}/{name}/{subresource}
    /apis/{group}/{version}/{resource}/{name}

A namespace is itself a resource: `/api/v1/namespaces/team` has namespace and name `team`. Anything else, `/version` or `/apis/apps/v1`, is
not a resource request and its verb is the HTTP method in lower case.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

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


def request_info(scope: MutableMapping[str, Any]) -> RequestInfo:
    """The info of an ASGI HTTP scope, resolved once and kept in it."""
    info: RequestInfo | None = scope.get("rootspan.request_info")
    if info is None:
        info = scope["rootspan.request_info"] = resolve(scope["method"], scope["path"], scope.get("query_string", b""))
    return info


def is_true(value: str) -> bool:
    """A boolean query parameter as Kubernetes reads one: everything but `false` and `0`, the empty value included."""
    return value.lower() not in ("false", "0")


def resolve(method: str, path: str, query_string: bytes = b"") -> RequestInfo:
    """Never raises: a path that fits no rule is not a resource request."""
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) < 3 or segments[0] not in ("api", "apis"):
        return RequestInfo(False, path, method.lower())
    prefix, group, rest = segments[0], "", segments[1:]
    if prefix == "apis":
        if len(rest) < 3:
            return RequestInfo(False, path, method.lower(), api_prefix=prefix)
        group, rest = rest[0], rest[1:]
    version, rest = rest[0], rest[1:]
    verb = _METHODS.get(method, "")
    if rest[0] in ("watch", "proxy"):
        verb, rest = rest[0], rest[1:]
    namespace = ""
    if len(rest) > 1 and rest[0] == "namespaces":
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    field_selector = label_selector = ""
    if not name:
        if verb in ("get", "watch"):
            query = _first_values(query_string)
            if verb == "get":
                verb = "watch" if is_true(query.get("watch", "0")) else "list"
            name = _name_of(query.get("fieldSelector", ""))
        elif verb == "delete":
            verb = "deletecollection"
    if verb in _COLLECTION_VERBS and query_string:
        query = _first_values(query_string)
        field_selector, label_selector = query.get("fieldSelector", ""), query.get("labelSelector", "")
    return RequestInfo(
        True,
        path,
        verb,
        prefix,
        group,
        version,
        namespace,
        rest[0] if rest else "",
        rest[2] if len(rest) > 2 and verb != "proxy" else "",
        name,
        tuple(rest),
        field_selector,
        label_selector,
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
