"""What all kinds have in common: the emptiest object, finalizers, and the form in which they are stored."""

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
