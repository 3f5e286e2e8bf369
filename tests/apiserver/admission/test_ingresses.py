"""The class that admission gives to ingresses."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio

INGRESSES = "networking.k8s.io/v1/ingresses"
DEFAULT = "ingressclass.kubernetes.io/is-default-class"


def ingress(annotations: Any = None, **spec: Any) -> JSONObject:
    metadata = {"name": "i1", "namespace": "default", **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def ingress_class(parts: Parts, name: str, is_default: str, second: int) -> None:
    metadata = {
        "name": name,
        "creationTimestamp": f"2026-01-01T00:00:{second:02}Z",
        "annotations": {DEFAULT: is_default},
    }
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata}
    parts.put("networking.k8s.io/v1/ingressclasses", {**head, "spec": {"controller": "example.com/ingress"}})


async def _class(parts: Parts, obj: JSONObject) -> str | None:
    admitted = await parts.admission.mutate(parts.attributes(obj, path=INGRESSES))
    assert admitted is not None
    name: str | None = admitted["spec"].get("ingressClassName")
    return name


async def test_ingress_without_class_gets_newest_default_class() -> None:
    """A class whose annotation is not `true` is no default."""
    async with admission() as parts:
        assert await _class(parts, ingress()) is None
        ingress_class(parts, "newest", "false", 9)
        ingress_class(parts, "older", "true", 1)
        ingress_class(parts, "newer", "true", 2)
        assert await _class(parts, ingress()) == "newer"


async def test_ingress_with_class_keeps_it() -> None:
    """Be it in the spec or in the annotation that came before it."""
    async with admission() as parts:
        ingress_class(parts, "usual", "true", 1)
        assert await _class(parts, ingress(ingressClassName="other")) == "other"
        assert await _class(parts, ingress({"kubernetes.io/ingress.class": ""})) is None
