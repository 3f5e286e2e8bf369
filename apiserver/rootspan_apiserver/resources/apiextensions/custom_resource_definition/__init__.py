"""CustomResourceDefinition (apiextensions.k8s.io): a kind that users define.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/{strategy,etcd}.go
"""

from collections.abc import Iterator
from functools import reduce
from operator import truediv
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.string_formats import is_recognized
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.internal_form import internally
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.names import NAMES
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.spec import (
    SPEC,
    approval,
    prunes,
    stored_versions,
)
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.custom.acceptance import is_true
from rootspan_apiserver.resources.custom.structural import schemas_in
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, Finalization, WriteContext
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import Path, RuleContext, function, immutable, struct
from rootspan_apiserver.rules.metadata import metadata_update

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of a definition that is deleted, until its objects are."""


def _default(obj: JSONObject) -> None:
    spec = obj["spec"]
    names = spec["names"]
    kind = names.get("kind") or ""
    if not names.get("singular"):
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)
    status = obj.get("status")
    if status is not None and not status.get("storedVersions"):
        status["storedVersions"] = _storage_version(obj) or None


def _storage_version(obj: JSONObject) -> list[str]:
    return [version["name"] for version in obj["spec"].get("versions") or [] if version.get("storage")][:1]


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    obj["status"] = {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": _storage_version(obj) or None,
    }


def _prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    stored = obj["status"].get("storedVersions") or []
    obj["status"]["storedVersions"] = [*stored, *(name for name in _storage_version(obj) if name not in stored)]


def _is_slow(obj: JSONObject) -> bool:
    """Compiling one pattern may take a tenth of a second."""
    return True


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Formats that are new and that the server does not know."""
    known = set(_unrecognized(old)) if old is not None else set()
    return [f'unrecognized format "{form}"' for form in _unrecognized(obj) if form not in known]


def _unrecognized(obj: JSONObject) -> Iterator[str]:
    for version in obj["spec"].get("versions") or []:
        for schema in schemas_in((version.get("schema") or {}).get("openAPIV3Schema") or {}):
            form = schema.get("format") or ""
            if form and not is_recognized(form, schema.get("type") or ""):
                yield form


def _terminate(obj: JSONObject) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if CLEANUP not in finalizers:
        finalizers.append(CLEANUP)
    conditions = [each for each in obj["status"].get("conditions") or [] if each.get("type") != "Terminating"]
    terminating = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": timestamp(),
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    obj["status"]["conditions"] = [*conditions, terminating]


@function("ValidateObjectMeta")
def _name(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name is made of the plural and the group."""
    metadata, spec = value["metadata"], value["spec"]
    for field in ("generateName", "name"):
        name = metadata.get(field) or ""
        if name and name != f"{spec['names'].get('plural') or ''}.{spec.get('group') or ''}":
            words = 'must be spec.names.plural+"."+spec.group'
            yield FieldError.invalid(path / "metadata" / field, name, words)


@function("validateCustomResourceDefinitionSpecUpdate")
def _stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Group and plural stay, and those of an established definition scope and kind, too."""
    fields = [("spec", "group"), ("spec", "names", "plural")]
    if is_true(old, "Established"):
        fields = [("spec", "scope"), ("spec", "names", "kind"), *fields]
    for names in fields:
        yield from immutable.check(at(value, *names), at(old, *names), reduce(truediv, names, path), context)


SPEC_RULES = struct(spec=internally(SPEC))
STATUS = struct(acceptedNames=NAMES)
OTHER_RULES = struct(status=STATUS) & stored_versions & approval & prunes

definition = Definition(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    stored_as_json=True,
    storage_path="/apiextensions.k8s.io/customresourcedefinitions",
    hashed_version="v1beta1",
    subresources=(status_subresource(STATUS, has_table=False),),
    defaults=(_default,),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    generation=COUNTED,
    update_needs_resource_version=True,
    standard_finalizers=False,
    rules=_name & SPEC_RULES & OTHER_RULES,
    update_rules=struct(metadata=metadata_update) & SPEC_RULES & _stays & OTHER_RULES,
    warnings=_warnings,
    is_slow_to_validate=_is_slow,
    finalization=Finalization(begin=_terminate, is_pending=lambda obj: False),
)
