"""What a request is about, from its method and path."""

import pytest

from rootspan_apiserver.kube.request_info import RequestInfo, resolve, span_name

CASES = [
    ("POST", "/api/v1/nodes", "", "create", "nodes", "", "", ""),
    ("GET", "/api/v1/nodes/fake", "", "get", "nodes", "", "fake", ""),
    ("GET", "/apis/apps/v1/namespaces/d/deployments/x/scale", "", "get", "deployments", "d", "x", "scale"),
    ("GET", "/api/v1/namespaces/foo", "", "get", "namespaces", "foo", "foo", ""),
    ("PUT", "/api/v1/namespaces/foo/finalize", "", "update", "namespaces", "foo", "foo", "finalize"),
    ("GET", "/api/v1/namespaces", "", "list", "namespaces", "", "", ""),
    ("GET", "/api/v1/pods", "watch=True", "watch", "pods", "", "", ""),
    ("GET", "/api/v1/pods", "watch=false", "list", "pods", "", "", ""),
    ("GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dfoo", "list", "pods", "", "foo", ""),
    ("GET", "/api/v1/watch/pods", "", "watch", "pods", "", "", ""),
    ("GET", "/api/v1/namespaces/n/pods/p/proxy/a/b", "", "get", "pods", "n", "p", "proxy"),
    ("DELETE", "/api/v1/namespaces/n/pods", "labelSelector=a%3Db", "deletecollection", "pods", "n", "", ""),
    ("PATCH", "/api/v1/namespaces/n/pods/p/", "", "patch", "pods", "n", "p", ""),
]


@pytest.mark.parametrize(("method", "path", "query", "verb", "resource", "namespace", "name", "subresource"), CASES)
def test_resource_requests(
    method: str, path: str, query: str, verb: str, resource: str, namespace: str, name: str, subresource: str
) -> None:
    """Verb, resource, namespace, name and subresource are read as k8s.io/apiserver reads them."""
    info = resolve(method, path, query.encode())
    assert info.is_resource_request
    assert (info.verb, info.resource, info.namespace, info.name, info.subresource) == (
        verb,
        resource,
        namespace,
        name,
        subresource,
    )


@pytest.mark.parametrize(
    "path", ["/", "/version", "/api", "/api/v1", "/api/v1/", "/apis/apps/v1", "/healthz/ping", "//"]
)
def test_what_is_no_resource(path: str) -> None:
    """Discovery, health and unknown paths have the HTTP method as their verb."""
    info = resolve("GET", path)
    assert not info.is_resource_request
    assert info.verb == "get"


@pytest.mark.parametrize(
    ("method", "path", "query", "name"),
    [
        ("GET", "/api/v1/namespaces/foo", "", "GET /api/v1/namespaces/{:namespace}/namespaces/{:name}"),
        ("PUT", "/api/v1/namespaces/foo/status", "", "PUT /api/v1/namespaces/{:namespace}/namespaces/{:name}/status"),
        ("GET", "/api/v1/pods", "fieldSelector=metadata.name=foo", "GET /api/v1/pods/{:name}"),
        ("GET", "/api/v1/namespaces/n/pods/p/proxy/a/b", "", "GET /api/v1/namespaces/{:namespace}/pods/{:name}/proxy"),
        ("GET", "/apis/apps/v1", "", "GET"),
        ("HEAD", "/api/v1/pods", "", "HEAD /api/v1/pods"),
    ],
)
def test_span_names(method: str, path: str, query: str, name: str) -> None:
    """The server span is named after the route, with placeholders for what the caller chose."""
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    assert span_name(scope) == name


def test_the_info_is_resolved_once() -> None:
    """The span's name and the filters share one RequestInfo."""
    scope = {"type": "http", "method": "GET", "path": "/api/v1/pods", "query_string": b""}
    span_name(scope)
    kept = scope["rootspan.request_info"]
    assert isinstance(kept, RequestInfo)
    span_name(scope)
    assert scope["rootspan.request_info"] is kept
