"""The variables of a container, and where their values come from."""

import re

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key, environment_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import named

SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
OF_VARIABLES = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
OF_FILES_ONLY = ("metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase")


def check_variables(variables: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    for index, variable in enumerate(variables):
        at = f"{field}[{index}]"
        errors += named(variable.get("name"), environment_name, f"{at}.name")
        if (source := variable.get("valueFrom")) is not None:
            errors += _check_source(source, f"{at}.valueFrom")
            if variable.get("value"):
                detail = "may not be specified when `value` is not empty"
                errors.append(FieldError.invalid(f"{at}.valueFrom", "", detail))
    return errors


def _check_source(source: JSONObject, field: str) -> list[FieldError]:
    found = [kind for kind in SOURCES if source.get(kind) is not None]
    if not found:
        detail = (
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        )
        return [FieldError.invalid(field, "", detail)]
    errors = []
    if len(found) > 1:
        errors.append(FieldError.invalid(field, "", "may not have more than one field specified at a time"))
    for kind in found:
        at = f"{field}.{kind}"
        if kind == "fieldRef":
            errors += _check_field(source[kind].get("fieldPath") or "", f"{at}.fieldPath")
        elif kind in ("configMapKeyRef", "secretKeyRef"):
            errors += named(source[kind].get("key"), config_key, f"{at}.key")
    return errors


def _check_field(path: str, field: str) -> list[FieldError]:
    if not path:
        return [FieldError.required(field)]
    if path in OF_VARIABLES or re.fullmatch(r"metadata\.(labels|annotations)\['.+'\]", path):
        return []
    if path in OF_FILES_ONLY:
        return [FieldError.not_supported(field, path, OF_VARIABLES)]
    detail = f"error converting fieldPath: field label not supported: {path}"
    return [FieldError.invalid(field, path, detail)]
