"""What a request is about, from its method and path."""

import pytest

from rootspan_apiserver.kube.request_info import request_info, resolve

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
def test_path_of_no_resource(path: str) -> None:
    """Discovery, health and unknown paths have the HTTP method as their verb."""
    info = resolve("GET", path)
    assert not info.is_resource_request
    assert info.verb == "get"


def test_info_is_resolved_once() -> None:
    """The name of the span and the filters share one RequestInfo."""
    scope = {"type": "http", "method": "GET", "path": "/api/v1/pods", "query_string": b""}
    assert request_info(scope) is request_info(scope)
