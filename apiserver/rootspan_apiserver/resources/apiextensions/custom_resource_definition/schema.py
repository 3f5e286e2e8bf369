"""The schema of a version, or of all of them.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
(validateCustomResourceDefinitionValidation)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.default_values import check_defaults
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.go_form import not_at_root, schema_form
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.keywords import check_keywords
from rootspan_apiserver.resources.apiextensions.custom_resource_definition.structural import (
    check_structural,
    unsupported,
)
from rootspan_apiserver.resources.custom.structural import schemas_in
from rootspan_apiserver.rules import Path, RuleContext, function


@function("validateCustomResourceDefinitionValidation")
def version_schema(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The schema of one version is structural, and so on."""
    with_status = _has_status(value) or _has_status(context.scope)
    before = old.get("schema") if isinstance(old, dict) else None
    yield from _check(value.get("schema"), before, path / "schema", with_status=with_status)


@function("validateCustomResourceDefinitionValidation")
def shared_schema(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The schema that all versions share is structural, its keywords are supported, its defaults fit."""
    with_status = _has_status(value) or any(map(_has_status, value.get("versions") or ()))
    before = old.get("validation") if isinstance(old, dict) else None
    yield from _check(value.get("validation"), before, path / "validation", with_status=with_status)


def _has_status(holder: JSONObject) -> bool:
    return (holder.get("subresources") or {}).get("status") is not None


def _check(holder: JSONObject | None, old: JSONObject | None, path: Path, *, with_status: bool) -> Iterator[FieldError]:
    schema = (holder or {}).get("openAPIV3Schema")
    if schema is None:
        return
    at = path / "openAPIV3Schema"
    found = list(_root(schema, at, with_status=with_status))
    not_convertible = unsupported(schema)
    not_structural = [] if not_convertible else check_structural(schema, at) or check_defaults(schema, at)
    faults = list(check_keywords(schema, at))
    found += [*not_structural, *faults]
    if not (not_convertible or not_structural) and any(
        each.get("x-kubernetes-validations") for each in schemas_in(schema)
    ):
        # A server starts faster without the modules of CEL, which few definitions need.
        from rootspan_apiserver.resources.apiextensions.custom_resource_definition.expressions import check_expressions

        is_changed = old is None or not same(schema, old.get("openAPIV3Schema"))
        found += check_expressions(schema, at, faults, is_changed=is_changed)
    if not_convertible and not found:
        found.append(FieldError.invalid(at, "", not_convertible))
    yield from found


def _root(schema: JSONObject, at: Path, *, with_status: bool) -> Iterator[FieldError]:
    kind = schema.get("type") or ""
    if with_status and kind not in ("", "object"):
        words = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        yield FieldError.invalid(at / "type", kind, words)
    elif with_status and (why := not_at_root(schema)):
        yield FieldError.invalid(at, schema_form(schema), why)
    if schema.get("nullable"):
        yield FieldError.forbidden(at / "nullable", "nullable cannot be true at the root")
