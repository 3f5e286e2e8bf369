"""Apply the patch of a mutating policy to the object of a request.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go, json_patch.go, dispatcher.go (dispatchOne)
"""

from typing import Any

from rootspan_apiserver.admission.defaulted import defaulted
from rootspan_apiserver.admission.expressions.versioned_attributes import VersionedAttributes
from rootspan_apiserver.admission.policies.structured_merge import MutationError, apply_structured_merge_diff
from rootspan_apiserver.admission.predicates import RuleMatch
from rootspan_apiserver.codec import decoding
from rootspan_apiserver.codec.unstructured import conversion_error
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import internal_error
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.managed_fields.merging import without_nulls
from rootspan_apiserver.patch import json_patch
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.normal_form import omitting_empty
from rootspan_apiserver.types.problems import NotDecodableError, Problems, UnknownConversionError, strict_error
from rootspan_apiserver.types.schema import Schema
from rootspan_apiserver.types.tables import go_types


async def apply_patch(patch: Any, versioned: VersionedAttributes, match: RuleMatch) -> None:
    """Apply a patch to the object in one kind: a dictionary is an apply configuration, a list the operations of a JSON patch.

    Raises:
        MutationError: the patch does not apply.
        StatusError: 500, the patched object does not fit its type.
    """
    attributes, kind = versioned.attributes, match.kind
    before = versioned.object
    assert before is not None
    if isinstance(patch, list):
        after = _json_patched(before, patch, match.resource, kind)
        if after is None:
            return
    else:
        manager = FieldManager.of(match.resource, attributes.subresource)
        try:
            after = apply_structured_merge_diff(before, patch, kind, manager.schema)
        except MutationError as exc:
            raise MutationError(f"error applying patch: {exc}") from exc
        after = _typed(after, kind, manager.schema)
    if not match.resource.custom and kind != attributes.kind:
        # kube-apiserver converts to the version of the request here, from one version to another, which it cannot
        raise MutationError(f"converting ({_go_name(kind)}) to ({_go_name(attributes.kind)}): unknown conversion")
    versioned.changed = await defaulted(after, match.resource, attributes.subresource, kind)
    versioned.object = omitting_empty(versioned.changed, kind)


def _typed(merged: JSONObject, kind: GroupVersionKind, schema: Schema) -> JSONObject:
    """Return a merged object as its type reads it. Raises MutationError if it does not fit."""
    struct = go_types().struct_of(kind)
    if struct is None:
        kept: JSONObject = without_nulls(merged, schema)
        return kept
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    try:
        return {**head, **struct.read_object(merged, Problems()), **head}
    except NotDecodableError as error:
        shown = f"{kind.group}/{kind.version}, Kind={kind.kind}"
        raise MutationError(f"unable to convert unstructured object to {shown}: {conversion_error(error)}") from error


def _json_patched(
    before: JSONObject, operations: list[JSONObject], resource: Resource, kind: GroupVersionKind
) -> JSONObject | None:
    """Return the patched object, None if a test in the patch fails."""
    try:
        patched = json_patch.apply(before, operations)
    except json_patch.TestFailedError:
        return None
    except json_patch.JSONPatchError as exc:
        raise MutationError(f"JSON Patch: {exc}") from exc
    problems = Problems()
    schema = resource.schema if resource.custom and kind == resource.kind else None
    try:
        after = decoding.read_again(patched, kind, schema, problems)
    except UnknownConversionError as exc:
        raise internal_error(f"failed to convert object: {exc}") from exc
    except NotDecodableError as exc:
        raise internal_error(str(exc)) from exc
    if problems.found and not resource.custom:
        raise internal_error(strict_error(problems.found))
    return after


def _go_name(kind: GroupVersionKind) -> str:
    struct = go_types().struct_of(kind)
    return struct.go_name if struct is not None else f"{kind.version}.{kind.kind}"
