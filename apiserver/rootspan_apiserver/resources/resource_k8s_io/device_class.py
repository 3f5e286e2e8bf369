"""DeviceClass (resource.k8s.io/v1): a preselection and configuration of devices, which claims refer to by name.

Upstream: pkg/apis/resource/validation/validation.go (ValidateDeviceClass), pkg/registry/resource/deviceclass/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, at
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED
from rootspan_apiserver.resources.resource_k8s_io.configuration import device_configuration
from rootspan_apiserver.resources.resource_k8s_io.item_lists import items
from rootspan_apiserver.resources.resource_k8s_io.requests import LIMIT, selectors
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function, named, struct
from rootspan_apiserver.rules.formats import long_name
from rootspan_apiserver.rules.metadata import core_metadata_update, object_metadata

_new_configuration = items(device_configuration(), limit=LIMIT)
_stored_configuration = items(device_configuration(stored=True), limit=LIMIT)


@function("validateDeviceClassConfiguration")
def _configuration(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Parameters for drivers, of limited size unless they were stored before."""
    rule = _stored_configuration if old is not ABSENT and same(value, old) else _new_configuration
    yield from rule.check(value, ABSENT, path, context)


def _extended_resource_name(value: str) -> list[str]:
    is_native = "/" not in value or "kubernetes.io/" in value
    if is_native or value.startswith("requests.") or qualified_name(f"requests.{value}"):
        return ["must be a valid extended resource name"]
    return []


SPEC = struct(selectors=selectors, config=_configuration, extendedResourceName=named(_extended_resource_name))

definition = Definition(
    "resource.k8s.io/v1",
    "DeviceClass",
    "deviceclasses",
    namespaced=False,
    generation=COUNTED,
    delete_returns_object=True,
    name_rule=long_name,
    spec=SPEC,
    update_rules=struct(metadata=object_metadata(long_name, namespaced=False) & core_metadata_update, spec=SPEC),
    columns=(NAME, AGE),
    is_slow_to_validate=lambda obj: bool(at(obj, "spec", "selectors")),
)
