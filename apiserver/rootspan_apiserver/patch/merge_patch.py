"""JSON Merge Patch (RFC 7396).

Nulls in a value that takes no part in the merge are dropped, those in the objects of its lists too, as the library does that
kube-apiserver uses. Patched objects have their keys sorted afterwards, as kube-apiserver shows them in its errors.

Upstream: gopkg.in/evanphx/json-patch.v4/merge.go
"""

from typing import Any

from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import search_duplicates

_INVALID = "Invalid JSON Patch"


def read(body: bytes, *, strict: bool = False) -> tuple[Any, list[str]]:
    """Return the patch and, if `strict`, its duplicate keys.

    Raises:
        StatusError: 400 where it is no JSON object; null passes, and a list unless `strict`.
    """
    try:
        patch, repeated = load_document(body, strict=strict)
    except NotDecodableError as error:
        raise bad_request(f"error decoding patch: {error}" if strict else _INVALID) from error
    return patch, repeated


def load_document(body: bytes, *, strict: bool) -> tuple[Any, list[str]]:
    """Return a patch that should be an object and, if `strict`, its duplicate keys.

    Raises:
        NotDecodableError: it is no JSON object; null passes, and a list unless `strict`.
    """
    patch = json_body.load(body, duplicates=strict)
    if not isinstance(patch, dict | None if strict else dict | list | None):
        kind = json_type(patch)
        raise NotDecodableError(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    problems = Problems()
    if strict:
        search_duplicates(patch, "", problems)
    return patch, problems.found


def apply(obj: JSONObject, patch: Any) -> Any:
    """Return the patched object, which is the patch where that is a list.

    Neither argument is changed, both may share parts with the result.

    Raises:
        StatusError: 400, the patch is null.
    """
    if patch is None:
        raise bad_request(_INVALID)
    return _merged(obj, patch) if isinstance(patch, dict) else _without_nulls(patch)


def _merged(obj: JSONObject, patch: JSONObject) -> JSONObject:
    merged = dict(obj)
    for key, value in patch.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(old, dict):
            merged[key] = _merged(old, value) if isinstance(value, dict) else value
        else:
            merged[key] = _without_nulls(value)
    return dict(sorted(merged.items()))


def _without_nulls(value: Any) -> Any:
    """Return a value without the nulls in its objects; those in its lists stay."""
    if isinstance(value, dict):
        return {key: _without_nulls(value[key]) for key in sorted(value) if value[key] is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
