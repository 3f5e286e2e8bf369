"""Methods that no resource has, and targets that are no paths."""

import logging
import ssl
from collections.abc import Iterator

import httpx
import pytest

from rootspan_apiserver import Environment

METHODS = ("OPTIONS", "TRACE", "CONNECT", "PROPFIND", "LINK")
RESOURCES = ("/api/v1/namespaces", "/api/v1/nodes/none/status", "/apis/apps/v1/namespaces/default/deployments/none")
PATHS = (
    "*",
    "/",
    "/version",
    "/api",
    "/apis/apps",
    "/healthz",
    "/metrics",
    "/openapi/v2",
    "/none",
    "//",
    "/a%00b",
    "a:1",
)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with Environment() as env:
        trusting = ssl.create_default_context(cadata=env.ca_bundle.decode())
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, verify=trusting, headers=headers, trust_env=False) as client:
            yield client


def ask(client: httpx.Client, method: str, target: str, **headers: str) -> httpx.Response:
    return client.request(method, "/", extensions={"target": target.encode()}, headers=headers)


@pytest.mark.parametrize("method", METHODS)
def test_method_that_a_resource_has_not_returns_405(client: httpx.Client, method: str) -> None:
    """With a Status, for collections, objects and subresources."""
    for path in RESOURCES:
        answer = ask(client, method, path)
        assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed"), path


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", *METHODS])
def test_method_other_than_get_of_version_returns_405(client: httpx.Client, method: str) -> None:
    """The version can be read and nothing else."""
    answer = ask(client, method, "/version")
    assert answer.status_code == 405
    assert (
        method == "HEAD"
        or answer.json()["message"] == "the server does not allow this method on the requested resource"
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", *METHODS])
def test_no_request_makes_a_panic(client: httpx.Client, caplog: pytest.LogCaptureFixture, method: str) -> None:
    """Whatever the method and the target, for the administrator and for strangers: a refusal or an answer, and nothing in the log."""
    with caplog.at_level(logging.WARNING):
        for path in (*PATHS, *RESOURCES):
            if path == "a:1" and method != "CONNECT":
                continue
            known = ask(client, method, path)
            assert known.status_code < 500, path
            stranger = ask(client, method, path, authorization="")
            assert stranger.status_code < 500, path
    assert caplog.records == []


@pytest.mark.parametrize("method", ["GET", "TRACE", "DELETE", "PROPFIND"])
def test_star_returns_404(client: httpx.Client, method: str) -> None:
    """But for OPTIONS it is a path that is not served, and 401 without credentials."""
    assert ask(client, method, "*").status_code == 404
    assert ask(client, method, "*", authorization="").status_code == 401


def test_options_of_a_star_returns_200_for_everybody(client: httpx.Client) -> None:
    """An empty answer without the headers of the API: it was not the API that was asked."""
    for headers in ({}, {"authorization": ""}, {"authorization": "Bearer wrong"}):
        answer = ask(client, "OPTIONS", "*", **headers)
        assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "0", b"")
        assert "audit-id" not in answer.headers
