"""The tests of clients again, with every version of kubectl that should work; helm beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apiserver.clients.binaries import PACKAGES, unpacked
from tests.apiserver.clients.conftest import administrator, kubectl_of, namespace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apiserver.clients.kubectl import Kubectl

__all__ = ["administrator", "kubectl_of", "namespace"]


@pytest.fixture(params=PACKAGES)
def kubectl(request: pytest.FixtureRequest, kubectl_of: Callable[[str, str], Kubectl], namespace: str) -> Kubectl:
    return kubectl_of(request.param, namespace)


@pytest.fixture(scope="session")
def helm_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """helm 4, which came with the newest kubectl."""
    return unpacked("1.37", "helm", tmp_path_factory.mktemp("helm"))
