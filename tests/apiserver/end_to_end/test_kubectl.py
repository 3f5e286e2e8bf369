"""kubectl, as its users use it, against the server as a process over each kind of store."""

import json
from typing import Any

import pytest
import yaml

from tests.apiserver.end_to_end.processes import Server


@pytest.fixture
def kubectl(server: Server, namespace: str) -> Any:
    def run(*arguments: str, status: int = 0, stdin: str = "") -> str:
        return server.kubectl("-n", namespace, *arguments, status=status, stdin=stdin)

    return run


def manifest(kind: str, name: str, spec: dict[str, Any], version: str = "v1") -> str:
    return yaml.safe_dump({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})


POD = {"containers": [{"name": "c", "image": "busybox"}]}
DEPLOYMENT = {
    "replicas": 1,
    "selector": {"matchLabels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}}, "spec": POD},
}


def test_config_map_lives_its_life(kubectl: Any) -> None:
    """create, get, label, annotate, patch of all three kinds and delete do what they say."""
    assert kubectl("create", "configmap", "c", "--from-literal=a=1") == "configmap/c created\n"
    assert kubectl("label", "configmap", "c", "tier=front") == "configmap/c labeled\n"
    assert kubectl("annotate", "configmap", "c", "note=kept") == "configmap/c annotated\n"
    for kind, patch in (
        ("strategic", '{"data":{"b":"2"}}'),
        ("merge", '{"data":{"a":null}}'),
        ("json", '[{"op":"add","path":"/data/c","value":"3"}]'),
    ):
        assert kubectl("patch", "configmap", "c", f"--type={kind}", f"--patch={patch}") == "configmap/c patched\n"
    found = json.loads(kubectl("get", "configmap", "c", "-o", "json"))
    assert found["data"] == {"b": "2", "c": "3"}
    assert (found["metadata"]["labels"], found["metadata"]["annotations"]) == ({"tier": "front"}, {"note": "kept"})
    assert kubectl("get", "configmaps", "-l", "tier=front", "--no-headers").split()[:2] == ["c", "2"]
    assert kubectl("get", "configmaps", "-l", "tier=back", "-o", "name") == ""
    assert kubectl("delete", "configmap", "c").startswith('configmap "c" deleted')
    assert kubectl("get", "configmap", "c", status=1) == 'Error from server (NotFound): configmaps "c" not found\n'


def test_existing_object_is_not_created_again(kubectl: Any) -> None:
    """The second create is refused and changes nothing."""
    kubectl("create", "configmap", "c", "--from-literal=a=1")
    refused = kubectl("create", "configmap", "c", "--from-literal=a=2", status=1)
    assert refused == 'error: failed to create configmap: configmaps "c" already exists\n'
    assert json.loads(kubectl("get", "configmap", "c", "-o", "json"))["data"] == {"a": "1"}


def test_deployment_is_applied_scaled_and_diffed(kubectl: Any) -> None:
    """Client-side and server-side apply, scale, set image and rollout history work on one deployment."""
    wanted = manifest("Deployment", "web", DEPLOYMENT, "apps/v1")
    assert kubectl("apply", "-f", "-", stdin=wanted) == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", stdin=wanted) == "deployment.apps/web unchanged\n"
    assert kubectl("scale", "deployment", "web", "--replicas=3") == "deployment.apps/web scaled\n"
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    assert kubectl("set", "image", "deployment/web", "c=nginx") == "deployment.apps/web image updated\n"
    refused = kubectl("apply", "--server-side", "-f", "-", stdin=wanted, status=1)
    assert "conflict" in refused
    forced = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=wanted)
    assert forced == "deployment.apps/web serverside-applied\n"
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deployment", "web", "-o", image) == "busybox"
    assert kubectl("describe", "deployment", "web").startswith("Name:")


def test_waiting_ends_when_what_is_waited_for_comes(kubectl: Any, server: Server, namespace: str) -> None:
    """`kubectl wait` sees a condition that is set on a pod's status, and its deletion."""
    kubectl("create", "-f", "-", stdin=manifest("Pod", "p", POD))
    condition = json.dumps({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    kubectl("patch", "pod", "p", "--subresource=status", f"--patch={condition}")
    assert kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=10s") == "pod/p condition met\n"
    kubectl("delete", "pod", "p", "--wait=false", "--grace-period=0", "--force")
    kubectl("wait", "pod/p", "--for=delete", "--timeout=10s")
    assert kubectl("get", "pods", "-o", "name") == ""


def test_events_are_made_and_listed(kubectl: Any, namespace: str) -> None:
    """An event that is created is among `kubectl events`."""
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": namespace},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": namespace},
        "reason": "Seen",
        "message": "by somebody",
        "type": "Normal",
    }
    kubectl("create", "-f", "-", stdin=yaml.safe_dump(event))
    assert "by somebody" in kubectl("events")


def test_creatable_resources_are_listed(server: Server) -> None:
    """api-resources, api-versions, version and explain tell of built-in kinds."""
    names = server.kubectl("api-resources", "-o", "name").split()
    assert {"configmaps", "deployments.apps", "pods", "customresourcedefinitions.apiextensions.k8s.io"} <= set(names)
    assert "apps/v1" in server.kubectl("api-versions").split()
    assert "Server Version: v1.36" in server.kubectl("version")
    explained = server.kubectl("explain", "configmap")
    assert "KIND:       ConfigMap" in explained
    assert "Configuration for pods, as keys and values that are not secret." in explained
    assert "<empty>" not in server.kubectl("explain", "pod.spec.containers")


def test_system_namespaces_are_there(server: Server) -> None:
    """They were created at start, each with what a cluster puts into it."""
    names = server.kubectl("get", "namespaces", "-o", "name").split()
    assert {f"namespace/{name}" for name in ("default", "kube-system", "kube-public", "kube-node-lease")} <= set(names)
    assert "serviceaccount/default" in server.kubectl("get", "serviceaccounts", "-o", "name").split()
    assert "configmap/kube-root-ca.crt" in server.kubectl("get", "configmaps", "-o", "name").split()
    assert "service/kubernetes" in server.kubectl("get", "services", "-o", "name").split()
