"""One server for all clients, and for each test a namespace of its own."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from tests.apiserver.clients.objects import WIDGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rootspan_apiserver import Environment


@pytest.fixture(scope="session")
def administrator(kube_apiserver: Environment) -> Iterator[httpx.Client]:
    """Plain HTTP with the rights of an administrator: what a test arranges by it is not what it tests."""
    trusting = ssl.create_default_context(cadata=kube_apiserver.ca_bundle.decode())
    headers = {"authorization": f"Bearer {kube_apiserver.token}"}
    with httpx.Client(base_url=kube_apiserver.url, verify=trusting, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def namespace(administrator: httpx.Client) -> Iterator[str]:
    name = f"test-{uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    administrator.post("/api/v1/namespaces", json=body).raise_for_status()
    yield name
    administrator.delete(f"/api/v1/namespaces/{name}").raise_for_status()


@pytest.fixture(scope="session")
def widgets(administrator: httpx.Client) -> None:
    """Widgets, a custom resource with a status and a scale."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    administrator.post(path, json=WIDGETS).raise_for_status()
