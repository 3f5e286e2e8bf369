"""One server for all clients, and for each test a namespace of its own."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.binaries import CURRENT, current, unpacked
from tests.apiserver.real_clients.kubectl import Kubectl
from tests.apiserver.real_clients.objects import WIDGETS


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


@pytest.fixture(scope="session")
def kubectl_of(kube_apiserver: Environment, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Kubectl]:
    """kubectl of a version in a namespace; each version is unpacked once and keeps what it learns of the server."""
    homes: dict[str, Path] = {}
    binaries: dict[str, Path] = {}

    def make(version: str, namespace: str) -> Kubectl:
        if version not in binaries:
            homes[version] = tmp_path_factory.mktemp(f"kubectl-{version}")
            binaries[version] = current() if version == CURRENT else unpacked(version, "kubectl", homes[version])
        major, minor = map(int, version.split("."))
        return Kubectl(
            binaries[version], (major, minor), kube_apiserver.kubeconfig_path, namespace, home=homes[version]
        )

    return make


@pytest.fixture(params=["1.31", CURRENT])
def kubectl(request: pytest.FixtureRequest, kubectl_of: Callable[[str, str], Kubectl], namespace: str) -> Kubectl:
    """The one that still writes JSON, and today's, which writes protobuf."""
    return kubectl_of(request.param, namespace)
