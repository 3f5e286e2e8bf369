"""Pods and nodes for tests of plugins, with what they need in the cache."""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts

TOLERATED = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
]
"""What every pod tolerates."""


def node(name: str = "n1", labels: dict[str, str] | None = None, **fields: Any) -> JSONObject:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": "u1", "labels": labels or {}},
        **fields,
    }


def pod(name: str = "p1", annotations: dict[str, str] | None = None, **spec: Any) -> JSONObject:
    metadata = {"name": name, "namespace": "default", "annotations": annotations or {}}
    container = {"name": "c", "image": "nginx"}
    given = {"serviceAccountName": "default", "automountServiceAccountToken": False, "containers": [container], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": given}


def account(parts: Parts, name: str = "default", annotations: dict[str, str] | None = None, **fields: Any) -> None:
    """Put a service account."""
    metadata = {"name": name, "namespace": "default", "annotations": annotations or {}}
    parts.put("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, **fields})


async def mutated(parts: Parts, obj: JSONObject, path: str = "pods", **fields: Any) -> JSONObject:
    """What the mutating phase makes of an object."""
    account(parts)
    admitted = await parts.admission.mutate(parts.attributes(obj, path=path, **fields))
    assert admitted is not None
    return admitted


async def refusal(
    parts: Parts, obj: JSONObject | None, path: str = "pods", *, phase: str = "mutate", **fields: Any
) -> str:
    """The message of the refusal without its beginning, "" if the phase accepts the object."""
    attributes = parts.attributes(obj, path=path, **fields)
    try:
        await getattr(parts.admission, phase)(attributes)
    except StatusError as error:
        return error.message.removeprefix(
            f'{attributes.resource.group_resource} "{attributes.object_name}" is forbidden: '
        )
    return ""
