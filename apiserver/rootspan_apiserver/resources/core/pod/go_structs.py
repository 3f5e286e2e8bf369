"""Parts of a pod as Go writes its internal types as JSON: in errors that show a whole struct.

Upstream: pkg/apis/core/types.go
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject

STRUCTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PodResourceClaim": ("Name=", "ResourceClaimName", "ResourceClaimTemplateName"),
        "SeccompProfile": ("Type=", "LocalhostProfile"),
    }
)


def shown_as_go(value: JSONObject, struct: str) -> JSONObject:
    """Return a value as Go's struct: all fields, with Go's names."""
    fields = STRUCTS.get(struct)
    if fields is None:
        return value
    return {field.removesuffix("="): _field(value, field) for field in fields}


def _field(value: JSONObject, field: str) -> Any:
    name = field.removesuffix("=")
    found = value.get(name[0].lower() + name[1:])
    return "" if found is None and field.endswith("=") else found


def pod_spec_diff(old: JSONObject, new: JSONObject) -> str:
    """Return the difference of two specs."""
    return ""
