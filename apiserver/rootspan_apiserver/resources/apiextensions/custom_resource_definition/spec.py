"""The spec of a definition, in its internal form, and what its status must fit.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.conversion import CONVERSION
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.go_form import versions_form
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.names import NAMES, REQUIRED_NAMES, label
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.schema import shared_schema, version_schema
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.versions import (
    COLUMNS,
    SUBRESOURCES,
    deprecation_warning,
    selectable_fields,
    shared_selectable_fields,
)
from rootspan_apiserver.resources.custom.approval import (
    APPROVED,
    Approval,
    annotation,
    approval_of,
    needs_approval,
)
from rootspan_apiserver.resources.custom.structural import schemas_in
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    each,
    first_error,
    function,
    named,
    one_of,
    required,
    struct,
    unless_empty,
    within,
)


def _group(value: str) -> list[str]:
    reasons = dns_subdomain(value)
    return [",".join(reasons)] if reasons else []


def _with_dot(value: str) -> list[str]:
    return [] if "." in value else ["should be a domain with at least one dot"]


@function("validateCustomResourceDefinitionSpec")
def _has_schemas(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each version has a schema, of its own or shared; with defaults unknown fields cannot be kept."""
    shared = (value.get("validation") or {}).get("openAPIV3Schema")
    own = [(version.get("schema") or {}).get("openAPIV3Schema") for version in value["versions"]]
    if shared is None:
        for index, schema in enumerate(own):
            if schema is None:
                yield FieldError.required(path / "versions" / index / "schema" / "openAPIV3Schema")
    if value.get("preserveUnknownFields"):
        found = [schema for schema in (shared, *own) if schema is not None]
        if any(each.get("default") is not None for schema in found for each in schemas_in(schema)):
            words = "must be false in order to use defaults in the schema"
            yield FieldError.invalid(path / "preserveUnknownFields", True, words)


VERSION = (
    struct(name=absent_as("", named(label)))
    & deprecation_warning
    & version_schema
    & struct(subresources=SUBRESOURCES, additionalPrinterColumns=COLUMNS)
    & selectable_fields
)


@function("validateCustomResourceDefinitionSpec")
def _versions_agree(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Names are unique, and one version is stored."""
    versions = context.scope["versions"]
    names = [version.get("name") or "" for version in versions]
    shown = versions_form(versions)
    if len(set(names)) < len(names):
        yield FieldError.invalid(path / "versions", shown, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        words = "must have exactly one version marked as storage version"
        yield FieldError.invalid(path / "versions", shown, words)


@function("validateCustomResourceDefinitionSpec")
def _convertible(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Objects that keep unknown fields are not converted."""
    strategy = (value.get("conversion") or {}).get("strategy") or ""
    if value.get("conversion") is not None and strategy != "None" and value.get("preserveUnknownFields"):
        words = "must be None if spec.preserveUnknownFields is true"
        yield FieldError.invalid(path / "conversion" / "strategy", strategy, words)


def _scope(value: JSONObject, path: Path, context: RuleContext) -> JSONObject:
    return value


SPEC = within(
    _scope,
    struct(
        group=required & first_error(named(_group), named(_with_dot)),
        scope=required & one_of("Cluster", "Namespaced"),
    )
    & _has_schemas
    & struct(versions=each(VERSION, key="name"))
    & _versions_agree
    & struct(version=unless_empty(named(label)), names=absent_as({}, REQUIRED_NAMES & NAMES))
    & shared_schema
    & struct(subresources=SUBRESOURCES, additionalPrinterColumns=COLUMNS)
    & shared_selectable_fields
    & _convertible
    & struct(conversion=CONVERSION),
)


@function("ValidateCustomResourceDefinitionStoredVersions")
def stored_versions(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The versions in which objects may be stored are served versions or former ones, and the present one is among them."""
    at = path / "status" / "storedVersions"
    stored = (value.get("status") or {}).get("storedVersions") or []
    if not stored:
        yield FieldError.invalid(at, None, "must have at least one stored version")
        return
    versions = value["spec"].get("versions") or []
    left = {name: index for index, name in enumerate(stored)}
    for version in versions:
        # A version that is there twice is not found the second time.
        if left.pop(version.get("name"), None) is None and version.get("storage"):
            yield FieldError.invalid(at, stored, f"must have the storage version {version.get('name')}")
    for name, index in left.items():
        words = f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a"
        words += f" storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        yield FieldError.invalid(at / index, name, words)


@function("validateAPIApproval")
def approval(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A definition in a group of the community names its approval, or says that it has none."""
    if not needs_approval(value):
        return
    state, why = approval_of(value)
    if isinstance(old, dict) and approval_of(old)[0] is state:
        return
    at = (path / "metadata" / "annotations").key(APPROVED)
    if state is Approval.MISSING:
        yield FieldError.required(at, why)
    elif state is Approval.INVALID:
        yield FieldError.invalid(at, annotation(value), why)


@function("validatePreserveUnknownFields")
def prunes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Unknown fields are kept by a schema that says so alone, unless they were kept before."""
    before = old["spec"].get("preserveUnknownFields") if isinstance(old, dict) else False
    if value["spec"].get("preserveUnknownFields") and not before:
        words = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        yield FieldError.invalid(path / "spec" / "preserveUnknownFields", True, words)
