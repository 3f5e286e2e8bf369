"""JSON Merge Patch (RFC 7396).

Patched objects have their keys sorted afterwards, as kube-apiserver shows them in its errors.

Upstream: gopkg.in/evanphx/json-patch.v4/merge.go
"""

from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import search_duplicates


def read(body: bytes, *, strict: bool = False) -> tuple[JSONObject, list[str]]:
    """Return the patch (a strategic one too) and, if `strict`, its duplicate keys.

    Raises:
        StatusError: 400 where it is no JSON object.
    """
    try:
        patch = json_body.load(body, duplicates=strict)
    except NotDecodableError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if not isinstance(patch, dict):
        kind = json_type(patch)
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    problems = Problems()
    if strict:
        search_duplicates(patch, "", problems)
    return patch, problems.found


def apply(obj: JSONObject, patch: JSONObject) -> JSONObject:
    """Return the patched object; neither argument is changed, both may share parts with the result."""
    merged = dict(obj)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            old = merged.get(key)
            merged[key] = apply(old if isinstance(old, dict) else {}, value)
        else:
            merged[key] = value
    return dict(sorted(merged.items()))
