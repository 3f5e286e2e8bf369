"""The steps of server-side apply: check the configuration, prune, migrate from kubectl's client-side apply.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go, lastappliedmanager.go, lastappliedupdater.go
"""

from collections.abc import Iterable

import orjson

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.managed_fields.checking import check, listed_errors
from rootspan_apiserver.managed_fields.comparison import compare
from rootspan_apiserver.managed_fields.entries import ManagerKey
from rootspan_apiserver.managed_fields.field_set import FieldSet, difference, intersection, union
from rootspan_apiserver.managed_fields.merging import field_set, named_fields_as_members, remove
from rootspan_apiserver.types.schema import Schema

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def check_configuration(applied: JSONObject, kind: GroupVersionKind, schema: Schema) -> None:
    """Check an applied configuration.

    Raises:
        StatusError: 400, it is of another kind or version, or has managedFields; 500, it does not fit the schema.
    """
    named = _text(applied, "kind")
    group, _, version = _text(applied, "apiVersion").rpartition("/")
    if (group, version, named) != (kind.group, kind.version, kind.kind):
        raise bad_request(f"invalid object type: {group}/{version}, Kind={named}")
    metadata = applied.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    errors = check(applied, schema)
    if errors:
        text = f"failed to create typed patch object ({described(applied)}): {listed_errors(errors)}"
        raise StatusError(500, "", text)


def described(obj: JSONObject) -> str:
    """Return the name and kind of an object as errors show them: `default/a; apps/v1, Kind=Deployment`."""
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    group, _, version = _text(obj, "apiVersion").rpartition("/")
    return f"{_text(metadata, 'namespace')}/{_text(metadata, 'name')}; {group}/{version}, Kind={_text(obj, 'kind')}"


def _text(obj: JSONObject, key: str) -> str:
    value = obj.get(key)
    return value if isinstance(value, str) else ""


def pruned(merged: JSONObject, last: FieldSet, owned: Iterable[FieldSet], schema: Schema) -> JSONObject:
    """Return the merged object without the fields that were applied last time (`last`) and are in none of the `owned` sets."""
    last = named_fields_as_members(last, schema)
    all_owned: FieldSet = {}
    for fields in owned:
        all_owned = union(all_owned, fields)
    every = named_fields_as_members(field_set(merged, schema), schema)
    kept = named_fields_as_members(field_set(remove(merged, last, schema), schema), schema)
    kept = union(kept, named_fields_as_members(all_owned, schema))
    candidate = remove(merged, difference(every, kept), schema)
    left = named_fields_as_members(field_set(candidate, schema), schema)
    result: JSONObject = remove(merged, intersection(difference(every, left), last), schema) or {}
    return result


def not_from_client_side(
    conflicts: dict[ManagerKey, FieldSet], live: JSONObject, api_version: str, schema: Schema
) -> dict[ManagerKey, FieldSet]:
    """Return the conflicts without those about fields that kubectl's client-side apply set and that have not changed since."""
    try:
        last = orjson.loads(last_applied(live) or "null")
    except orjson.JSONDecodeError:
        return conflicts
    if not isinstance(last, dict) or last.get("apiVersion") != api_version:
        return conflicts
    changed = compare(last, live, schema)
    allowed = field_set(last, schema)
    for changes in (changed.modified, changed.added, changed.removed):
        allowed = difference(allowed, changes)
    return {key: left for key, fields in conflicts.items() if (left := difference(fields, allowed))}


def last_applied(obj: JSONObject) -> str:
    """Return the configuration that kubectl's client-side apply left in the annotations, "" if there is none."""
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    text = annotations.get(LAST_APPLIED, "")
    return text if isinstance(text, str) else ""


def with_last_applied(obj: JSONObject, applied: JSONObject) -> JSONObject:
    """Return the object with that annotation set to the configuration applied now."""
    metadata = applied.get("metadata") or {}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    kept = {key: value for key, value in metadata.items() if key != "annotations"}
    configuration = {**applied, "metadata": {**kept, "annotations": annotations} if annotations else kept}
    text = orjson.dumps(configuration, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": {**metadata["annotations"], LAST_APPLIED: text}}}
