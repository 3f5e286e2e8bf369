"""Names of resources that are counted or measured: `cpu`, `requests.storage`, `example.com/gpu`.

Upstream: pkg/apis/core/validation/validation.go (validateResourceName, validateContainerResourceName), pkg/apis/core/helper/helpers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

OF_CONTAINERS = frozenset({"cpu", "memory", "ephemeral-storage"})
WHOLE = frozenset(
    {
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    }
)
"""Resources that are counted in whole numbers."""
COUNTED = WHOLE | frozenset(
    {
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "storage",
    }
)
"""What quotas know beside the resources of containers."""


@function("validateContainerResourceName")
def container_resource_name(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A resource of containers, or an extended resource like example.com/gpu."""
    reasons = qualified_name(value)
    yield from (FieldError.invalid(path, value, reason) for reason in reasons)
    if "/" not in value:
        of_container = value in OF_CONTAINERS or value.startswith("hugepages-")
        if not reasons and not of_container and value not in COUNTED:
            yield FieldError.invalid(path, value, "must be a standard resource type or fully qualified")
        if not of_container:
            yield FieldError.invalid(path, value, "must be a standard resource for containers")
    elif "kubernetes.io/" not in value and (value.startswith("requests.") or qualified_name(f"requests.{value}")):
        yield FieldError.invalid(path, value, "doesn't follow extended resource name standard")
