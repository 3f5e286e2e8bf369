"""The variables of a container, and where their values come from.

Upstream: pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key, dns_subdomain, environment_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.downward import OF_VARIABLES, field_reference, resource_reference
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.file_paths import local_path

SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
NO_SOURCE = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
SETS = ("configMapRef", "secretRef")
MANY = "may not have more than one field specified at a time"

_KEY = struct(name=absent_as("", named(dns_subdomain)), key=required & named(config_key))
_SET = struct(name=required & named(dns_subdomain))


@function("validateFileKeyRef")
def _mounted(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The volume of a file with variables is one of the pod's."""
    name = value.get("volumeName") or ""
    volume = context.scope.volumes.get(name)
    if name and volume is None:
        yield FieldError.not_found(path / "volumeName", name)
    elif name and volume.get("emptyDir") is None:
        yield FieldError.invalid(path / "volumeName", name, "referenced volume must be of type emptyDir")


_FILE_KEY = (
    struct(
        key=required & named(environment_name), path=required & local_path, volumeName=required & named(dns_subdomain)
    )
    & _mounted
)
_SOURCE = struct(
    fieldRef=field_reference(OF_VARIABLES),
    resourceFieldRef=resource_reference(of_volume=False),
    configMapKeyRef=_KEY,
    secretKeyRef=_KEY,
    fileKeyRef=_FILE_KEY,
)


@function("validateEnvVarValueFrom")
def _one_source(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A variable has one source, and none besides a value."""
    if (source := value.get("valueFrom")) is None:
        return
    found = sum(source.get(name) is not None for name in SOURCES)
    if not found:
        yield FieldError.invalid(path / "valueFrom", "", NO_SOURCE)
    elif value.get("value"):
        yield FieldError.invalid(path / "valueFrom", "", "may not be specified when `value` is not empty")
    elif found > 1:
        yield FieldError.invalid(path / "valueFrom", "", MANY)


VARIABLES = each(struct(name=required & named(environment_name), valueFrom=_SOURCE) & _one_source)


@function("ValidateEnvFrom")
def _one_set(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each set of variables has one source; the errors are at the list."""
    for each_set in value:
        found = sum(each_set.get(name) is not None for name in SETS)
        if not found:
            yield FieldError.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif found > 1:
            yield FieldError.invalid(path, "", MANY)


VARIABLE_SETS = each(struct(prefix=unless_empty(named(environment_name)), configMapRef=_SET, secretRef=_SET)) & _one_set
