"""helm 4 and the chart it makes itself."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment


@pytest.fixture
def helm(helm_binary: Path, kube_apiserver: Environment, namespace: str, tmp_path: Path) -> Callable[..., str]:
    environment = {
        **os.environ,
        "KUBECONFIG": str(kube_apiserver.kubeconfig_path),
        "HELM_NAMESPACE": namespace,
        **{f"HELM_{name}_HOME": str(tmp_path / name) for name in ("CACHE", "CONFIG", "DATA")},
    }

    def run(*arguments: str, status: int = 0) -> str:
        answer = subprocess.run(
            [str(helm_binary), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            env=environment,
            cwd=tmp_path,
        )
        assert answer.returncode == status, f"helm {' '.join(arguments)}: {answer.returncode}: {answer.stdout}"
        return answer.stdout

    run("create", "web")
    return run


@pytest.fixture
def deployment(administrator: httpx.Client, namespace: str) -> Callable[[], dict[str, Any]]:
    """The chart's deployment as the server has it."""

    def read() -> dict[str, Any]:
        answer = administrator.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/r-web")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    return read


@pytest.mark.parametrize("server_side", ["true", "false"])
def test_release_lives_its_life(
    helm: Callable[..., str],
    deployment: Callable[[], dict[str, Any]],
    administrator: httpx.Client,
    namespace: str,
    server_side: str,
) -> None:
    """install, upgrade, rollback and uninstall, with server-side apply and without, each seen in the cluster and in the history."""
    applied = f"--server-side={server_side}"
    assert "STATUS: deployed" in helm("install", "r", "./web", applied)
    assert deployment()["spec"]["replicas"] == 1
    helm("upgrade", "r", "./web", applied, "--set=replicaCount=3", "--set=image.tag=2", "--set=ingress.enabled=true")
    assert deployment()["spec"]["replicas"] == 3
    (container,) = deployment()["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "nginx:2"
    ingresses = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"
    assert [each["metadata"]["name"] for each in administrator.get(ingresses).json()["items"]] == ["r-web"]
    assert "Rollback was a success" in helm("rollback", "r", "1", applied)
    assert deployment()["spec"]["replicas"] == 1
    assert administrator.get(ingresses).json()["items"] == []
    history = json.loads(helm("history", "r", "-o", "json"))
    assert [each["status"] for each in history] == ["superseded", "superseded", "deployed"]
    assert [each["name"] for each in json.loads(helm("list", "-o", "json"))] == ["r"]
    assert helm("uninstall", "r") == 'release "r" uninstalled\n'
    for kind in ("services", "secrets"):
        assert administrator.get(f"/api/v1/namespaces/{namespace}/{kind}").json()["items"] == []
    assert json.loads(helm("list", "-o", "json")) == []


def test_release_that_is_not_ready_in_time_fails(helm: Callable[..., str]) -> None:
    """`--wait` watches the deployment, which nobody makes ready here."""
    refused = helm("install", "r", "./web", "--wait", "--timeout=2s", status=1)
    assert "resource Deployment/" in refused
    assert "not ready" in refused
