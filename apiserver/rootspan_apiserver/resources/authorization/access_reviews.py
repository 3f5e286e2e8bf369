"""What the three reviews of access have to say: who, unless that is the requester, and what.

Upstream: pkg/apis/authorization/validation/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.authorization.access_selectors import SELECTORS
from rootspan_apiserver.rules import Path, Rule, RuleContext, absent_as, function, struct
from rootspan_apiserver.types.tables import go_types

_ONE = "exactly one of nonResourceAttributes or resourceAttributes must be specified"


@function("ValidateSelfSubjectAccessReviewSpec")
def _attributes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The question is about a resource or about a path."""
    resource, other = value.get("resourceAttributes"), value.get("nonResourceAttributes")
    if resource is not None and other is not None:
        shown = {"Path": other.get("path") or "", "Verb": other.get("verb") or ""}
        words = "cannot be specified in combination with resourceAttributes"
        yield FieldError.invalid(path / "nonResourceAttributes", shown, words)
    if resource is None and other is None:
        yield FieldError.invalid(path / "resourceAttributes", None, _ONE)


@function("ValidateSubjectAccessReviewSpec")
def _subject(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The subject is a user, or has groups."""
    if not value.get("user") and not value.get("groups"):
        yield FieldError.invalid(path / "user", "", "at least one of user or group must be specified")


def _empty_metadata(words: str, *, namespaced: bool) -> Rule:
    @function("ValidateSubjectAccessReview")
    def check(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """There is no metadata."""
        aside = {"managedFields", "namespace"} if namespaced else {"managedFields"}
        if any(found for key, found in value.items() if key not in aside):
            yield FieldError.invalid(path, go_types().struct("meta/v1.ObjectMeta").write(value), words)

    return check


@function("ValidateLocalSubjectAccessReview")
def _in_namespace(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The question is about a resource in the namespace of the request."""
    spec = value.get("spec") or {}
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    namespace = ((resource or {}).get("namespace")) or ""
    if resource is not None and namespace != ((value.get("metadata") or {}).get("namespace") or ""):
        at = path / "spec" / "resourceAttributes" / "namespace"
        yield FieldError.invalid(at, namespace, "must match metadata.namespace")
    if other is not None:
        shown = {"Path": other.get("path") or "", "Verb": other.get("verb") or ""}
        at = path / "spec" / "nonResourceAttributes"
        yield FieldError.invalid(at, shown, "disallowed on this kind of request")


_EMPTY = struct(metadata=_empty_metadata("must be empty", namespaced=False))
SELF = struct(spec=absent_as({}, _attributes & SELECTORS)) & _EMPTY
ANYBODY = struct(spec=absent_as({}, _attributes & _subject & SELECTORS)) & _EMPTY
LOCAL = (
    struct(spec=absent_as({}, _attributes & _subject & SELECTORS))
    & struct(metadata=_empty_metadata("must be empty except for namespace", namespaced=True))
    & _in_namespace
)
