"""ConversionReview (apiextensions.k8s.io/v1 and v1beta1): write the request, read and check the response.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import orjson

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_type
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.resources.definition import kind_in
from rootspan_apiserver.rules import ABSENT, ROOT, RuleContext
from rootspan_apiserver.rules.label_selectors import labels
from rootspan_apiserver.rules.metadata import annotations
from rootspan_apiserver.types.json_values import sorted_keys
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.tables import go_types

KIND, GROUP = "ConversionReview", "apiextensions.k8s.io"
VERSIONS = ("v1", "v1beta1")
_NOTHING_YET: JSONObject = {"uid": "", "convertedObjects": None, "result": {"metadata": {}}}
"""What kube-apiserver sends as the response in its request."""


class InvalidReviewError(ValueError):
    """A response that is no conversion; the message is upstream's."""


def version_for(review_versions: Iterable[str]) -> str:
    """Return the first version in the definition's list that the server supports. Raises InvalidReviewError if there is none."""
    for version in review_versions:
        if version in VERSIONS:
            return version
    raise InvalidReviewError("no supported conversion review versions")


def request(version: str, uid: str, objects: Sequence[JSONObject], desired: str) -> bytes:
    """Return the review to send: the objects are to be converted to the `desired` group-version."""
    review = {
        "kind": KIND,
        "apiVersion": f"{GROUP}/{version}",
        "request": {"uid": uid, "desiredAPIVersion": desired, "objects": [sorted_keys(each) for each in objects]},
        "response": _NOTHING_YET,
    }
    return orjson.dumps(review, option=orjson.OPT_APPEND_NEWLINE)


def read(review: JSONObject, version: str) -> JSONObject:
    """Return the review that a webhook answered, its fields read by their types.

    Raises:
        InvalidReviewError: it is of another kind or version, or a field has the wrong type.
    """
    wanted = GroupVersionKind(GROUP, version, KIND)
    actual = kind_of(review)
    if actual == GroupVersionKind("", "", ""):
        actual = wanted
    if actual.kind != KIND or actual.group != GROUP or actual.version not in VERSIONS:
        scheme = "k8s.io/apiserver/pkg/util/webhook/client.go:71"
        words = f'no kind "{actual.kind}" is registered for version "{actual.api_version}" in scheme "{scheme}"'
        raise InvalidReviewError(words)
    try:
        found = go_types().builtin(actual).read_object(review, Problems())
    except NotDecodableError as exc:
        raise InvalidReviewError(str(exc)) from exc
    if actual != wanted:
        words = f"converting ({actual.version}.{KIND}) to ({version}.{KIND}): unknown conversion"
        raise InvalidReviewError(words)
    return found


def converted_objects(review: JSONObject, version: str, uid: str) -> list[Any]:
    """Return the objects in a review that `read` returned.

    Raises:
        InvalidReviewError: it is no answer to the request with this uid, or it says that the conversion failed.
    """
    actual = kind_of(review)
    if version == "v1" and actual.kind != KIND:
        raise InvalidReviewError(f"expected webhook response of {GROUP}/v1, Kind={KIND}, got {shown(actual)}")
    response = review.get("response")
    if response is None:
        raise InvalidReviewError("no response provided")
    if version == "v1" and (got := response.get("uid") or "") != uid:
        raise InvalidReviewError(f"expected response.uid={quote(uid)}, got {quote(got)}")
    result = response.get("result") or {}
    status = result.get("status") or ""
    if status != "Success":
        raise InvalidReviewError(result.get("message") or f"response.result.status was '{status}', not 'Success'")
    return response.get("convertedObjects") or []


def check_kind(original: JSONObject, converted: JSONObject, desired: str) -> None:
    """Check that an object is of the desired version and of the kind that it was. Raises InvalidReviewError."""
    expected, got = kind_in(desired, original["kind"]), kind_of(converted)
    if got.api_version != desired:
        raise InvalidReviewError(f"invalid groupVersion (expected {desired}, received {got.api_version})")
    if got.kind != expected.kind:
        raise InvalidReviewError(f"invalid kind (expected {expected.kind}, received {got.kind})")


def check_same(original: JSONObject, converted: JSONObject) -> None:
    """Check that an object is the one that it was. Raises InvalidReviewError."""
    for field, what in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        before, after = (_text(each, field) for each in (original, converted))
        if before != after:
            raise InvalidReviewError(f"must have the same {what}: {before} != {after}")


def restored_metadata(original: JSONObject, converted: JSONObject) -> JSONObject:
    """Return the metadata of the original with the labels and annotations of the converted object, all that a webhook may change.

    Raises:
        InvalidReviewError: the metadata, the labels or the annotations are not valid.
    """
    if "metadata" not in converted:
        raise InvalidReviewError("missing metadata in converted object")
    given = converted["metadata"]
    if not isinstance(given, dict):
        raise InvalidReviewError(f"invalid metadata of type {go_type(given)} in converted object")
    metadata: JSONObject = deepcopy(original.get("metadata") or {})
    for field, rule, place in (("labels", labels, "labels"), ("annotations", annotations, "annotation")):
        value = given.get(field)
        if value is None:
            metadata.pop(field, None)
            continue
        if not isinstance(value, dict):
            raise InvalidReviewError(f"invalid metadata.{field} of type {go_type(value)} in converted object")
        _check_texts(field, value)
        if value != (metadata.get(field) or {}):
            context = RuleContext(update=False, root=converted, old_root=None)
            if errors := list(rule.check(value, ABSENT, ROOT / "metadata" / place, context)):
                raise InvalidReviewError(listed(errors))
        metadata[field] = value
    return metadata


def _check_texts(field: str, value: JSONObject) -> None:
    for key, text in value.items():
        if not isinstance(text, str):
            words = f"metadata.{field}[{key}] must be a string, but is {go_type(text)} in converted object"
            raise InvalidReviewError(words)


def kind_of(obj: JSONObject) -> GroupVersionKind:
    """Return the kind that an object says it has, with empty parts where it says nothing."""
    return kind_in(obj.get("apiVersion") or "", obj.get("kind") or "")


def shown(kind: GroupVersionKind) -> str:
    """Return a kind as Go prints it: `example.com/v1, Kind=Widget`, or `/, Kind=` for none."""
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"


def _text(obj: JSONObject, field: str) -> str:
    metadata = obj.get("metadata")
    value = metadata.get(field) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""
