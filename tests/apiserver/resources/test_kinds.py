"""Services and configuration: defaults and rules."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import REGISTRY, an_object, created, refusals, updated


def test_every_kind_takes_its_emptiest_object() -> None:
    """No strategy stumbles over an object without any field; it defaults it, and says what is missing."""
    for resource in REGISTRY.resources():
        if resource.kind == resource.storage_kind:
            obj = an_object(resource.kind.api_version, resource.kind.kind, namespace="d" if resource.namespaced else "")
            stored = created(obj)
            assert stored["metadata"]["name"] == "x"
            refusals(obj)
            updated(stored, {})
            updated(stored, {}, "status")


def test_writes_the_plain_text_of_a_secret_into_its_data() -> None:
    """stringData is for writing only."""
    secret = created(an_object("v1", "Secret", stringData={"a": "b"}, data={"c": "ZA=="}))
    assert secret["data"] == {"a": "Yg==", "c": "ZA=="}
    assert "stringData" not in secret
    assert secret["type"] == "Opaque"


@pytest.mark.parametrize(
    ("obj", "refusal"),
    [
        (an_object("v1", "Secret", type="kubernetes.io/tls", data={"tls.crt": ""}), "data[tls.key]: Required value"),
        (
            an_object("v1", "PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"]}),
            "spec.resources[storage]: Required value",
        ),
        (
            an_object("v1", "Namespace", name="a.b", namespace=""),
            'metadata.name: Invalid value: "a.b": must not contain dots',
        ),
    ],
)
def test_refuses(obj: JSONObject, refusal: str) -> None:
    """Each rule says which field is wrong and why."""
    assert refusals(obj) == [refusal]


def test_labels_a_namespace_with_its_name() -> None:
    """A namespace is active, finalized by the server, and found by its own name."""
    namespace = created(an_object("v1", "Namespace", name="team", namespace=""))
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "team"}
    assert namespace["spec"] == {"finalizers": ["kubernetes"]}
    assert namespace["status"] == {"phase": "Active"}


def test_asks_built_in_kinds_for_known_finalizers() -> None:
    """A finalizer without a domain must be one of Kubernetes' own."""
    obj = an_object("v1", "ConfigMap")
    obj["metadata"]["finalizers"] = ["mine"]
    assert refusals(obj) == [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    ]
    obj["metadata"]["finalizers"] = ["example.com/mine", "orphan"]
    assert refusals(obj) == []


def test_writes_objects_as_go_does() -> None:
    """Zero values go unless a pointer keeps them; required ones and structs stay though nobody set them."""
    spec = {"containers": [{"name": "c", "env": [{"name": "A", "value": ""}], "stdin": False}]}
    pod = created(an_object("v1", "Pod", spec={**spec, "hostNetwork": False, "automountServiceAccountToken": False}))
    container = pod["spec"]["containers"][0]
    assert container["env"] == [{"name": "A"}]
    assert "stdin" not in container
    assert container["resources"] == {}
    assert "hostNetwork" not in pod["spec"]
    assert pod["spec"]["automountServiceAccountToken"] is False
