"""What admission does to volumes, claims and classes of storage."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import Parts, admission, refusal_of

pytestmark = pytest.mark.anyio

CLAIMS = "persistentvolumeclaims"
CLASSES = "storage.k8s.io/v1/storageclasses"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
BETA = "storageclass.beta.kubernetes.io/is-default-class"
OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def claim(size: str = "1Gi", *, phase: str = "Pending", annotations: Any = None, **spec: Any) -> JSONObject:
    metadata = {"name": "c1", "namespace": "default", **({"annotations": annotations} if annotations else {})}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": phase},
    }


def storage_class(parts: Parts, name: str, annotation: str = "", *, second: int = 0, **fields: Any) -> None:
    metadata: JSONObject = {"name": name, "creationTimestamp": f"2026-01-01T00:00:{second:02}Z"}
    if annotation:
        metadata |= {"annotations": {annotation: "true"}}
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata}
    parts.put(CLASSES, {**head, "provisioner": "example.com/disks", **fields})


async def admitted(parts: Parts, obj: JSONObject, path: str = CLAIMS) -> JSONObject:
    found = await parts.admission.mutate(parts.attributes(obj, path=path))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "kind", "finalizer"),
    [
        ("persistentvolumes", "PersistentVolume", "kubernetes.io/pv-protection"),
        (CLAIMS, "PersistentVolumeClaim", "kubernetes.io/pvc-protection"),
        ("storage.k8s.io/v1/volumeattributesclasses", "VolumeAttributesClass", "kubernetes.io/vac-protection"),
    ],
)
async def test_new_storage_object_gets_its_protection_finalizer(path: str, kind: str, finalizer: str) -> None:
    """Once, behind those of the client; an update that removes it is not changed."""
    async with admission() as parts:
        version = parts.resource(path).kind.api_version
        metadata = {"name": "o1", "namespace": "default"} if path == CLAIMS else {"name": "o1"}
        obj = {"apiVersion": version, "kind": kind, "metadata": metadata}
        created = await admitted(parts, {**obj, "metadata": {**metadata, "finalizers": ["example.com/f"]}}, path)
        assert created["metadata"]["finalizers"] == ["example.com/f", finalizer]
        assert (await admitted(parts, created, path))["metadata"]["finalizers"] == ["example.com/f", finalizer]
        attributes = parts.attributes(dict(obj), path=path, operation="UPDATE", old=created)
        updated = await parts.admission.mutate(attributes)
        assert updated is not None
        assert "finalizers" not in updated["metadata"]


async def test_claim_without_class_gets_newest_default_class() -> None:
    """Of several that are as new the first by name; the annotation may be that of the beta."""
    async with admission() as parts:
        assert "storageClassName" not in (await admitted(parts, claim()))["spec"]
        storage_class(parts, "plain", second=9)
        storage_class(parts, "old", DEFAULT, second=1)
        assert (await admitted(parts, claim()))["spec"]["storageClassName"] == "old"
        storage_class(parts, "newer-b", BETA, second=2)
        storage_class(parts, "newer-a", DEFAULT, second=2)
        assert (await admitted(parts, claim()))["spec"]["storageClassName"] == "newer-a"


async def test_claim_with_class_keeps_it() -> None:
    """A name, the empty name that asks for no class, and the annotation of old are all choices of the client; so is an update."""
    async with admission() as parts:
        storage_class(parts, "usual", DEFAULT)
        for name in ("", "other"):
            assert (await admitted(parts, claim(storageClassName=name)))["spec"]["storageClassName"] == name
        annotated = await admitted(parts, claim(annotations={OLD_CLASS: ""}))
        assert "storageClassName" not in annotated["spec"]
        updated = await parts.admission.mutate(parts.attributes(claim(), path=CLAIMS, operation="UPDATE", old=claim()))
        assert updated is not None
        assert "storageClassName" not in updated["spec"]


async def test_only_bound_claim_of_expandable_class_grows() -> None:
    """The words are those of the real server; what shrinks or stays is not looked at."""
    async with admission() as parts:
        storage_class(parts, "rigid")
        storage_class(parts, "elastic", allowVolumeExpansion=True)

        async def resize(old: JSONObject, new: JSONObject) -> str:
            attributes = parts.attributes(new, path=CLAIMS, operation="UPDATE", old=old)
            return await refusal_of(parts, attributes)

        beginning = 'persistentvolumeclaims "c1" is forbidden: '
        unbound = f"{beginning}Only bound persistent volume claims can be expanded"
        rigid = (
            f"{beginning}only dynamically provisioned pvc can be resized and "
            "the storageclass that provisions the pvc must support resize"
        )
        assert await resize(claim(storageClassName="elastic"), claim("2Gi", storageClassName="elastic")) == unbound
        for name in ("rigid", "missing", ""):
            old = claim(phase="Bound", storageClassName=name)
            assert await resize(old, claim("2Gi", storageClassName=name)) == rigid
            assert await resize(old, claim("1024Mi", storageClassName=name)) == ""
        bound = claim(phase="Bound", storageClassName="elastic")
        assert await resize(bound, claim("1025Mi", storageClassName="elastic")) == ""
        assert await resize(bound, claim("1025Mi", storageClassName="rigid")) == rigid
