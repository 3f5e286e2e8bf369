"""Strategic merge patch: a merge patch that knows of its types which lists are merged by a key, and speaks in directives.

In a map: `$patch: replace` takes the map as it is, `$patch: delete` empties it, `$retainKeys` names the keys that may remain,
`$setElementOrder/<list>` the order of a merged list, `$deleteFromPrimitiveList/<list>` what goes out of a list of scalars. In an item of
a merged list: `$patch: delete` takes the item with that key out, `$patch: replace` discards what the list held. Which lists are merged,
and by which key, is in the schema (`patch_strategies`, `patch_merge_key`). The rules are those of apimachinery's `strategicpatch`.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
"""

from collections.abc import Sequence
from typing import Any, cast

import orjson

from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, unprocessable
from rootspan_apiserver.patch.list_order import (
    DIRECTIVE,
    GO_TYPES,
    ORDER,
    check_order,
    failed,
    in_order,
    key_value,
    wrong_argument,
)
from rootspan_apiserver.patch.merge_patch import load_document
from rootspan_apiserver.patch.positions import Positions
from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.schema import Schema

_RETAIN_KEYS = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_UNTYPED = Schema()


def read(body: bytes, *, strict: bool = False) -> tuple[JSONObject, list[str]]:
    """Return the patch and, if `strict`, its duplicate keys.

    Raises:
        StatusError: 400 where it is no JSON object; null is an empty one.
    """
    try:
        patch, repeated = load_document(body, strict=True)
    except NotDecodableError as error:
        raise bad_request(str(error)) from error
    return plain(patch or {}), repeated if strict else []


def apply(obj: JSONObject, patch: JSONObject, schema: Schema) -> JSONObject:
    """Return the patched object; neither argument is changed.

    Raises:
        StatusError: 400 for a malformed directive, 422 for lists of lists, 500 for what else does not fit, as the real server answers.
    """
    return _merge_maps(orjson.loads(orjson.dumps(obj)), orjson.loads(orjson.dumps(patch)), schema)


def _unknown_directive(directive: Any, item: JSONObject) -> StatusError:
    """Return the error for a directive that there is not; what is no string is shown as Go shows it where a string is due."""
    shown = go_format(directive)
    if directive is None:
        shown = "%!s(<nil>)"
    elif isinstance(directive, bool | int | float):
        shown = f"%!s({GO_TYPES[type(directive)]}={shown})"
    return failed(f"unknown patch type: {shown} in map: {go_format(item)}")


def _merge_maps(original: JSONObject, patch: JSONObject, schema: Schema) -> JSONObject:
    if DIRECTIVE in patch:
        directive = patch.pop(DIRECTIVE)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise _unknown_directive(directive, {DIRECTIVE: directive, **patch})
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, schema)
    for name, value in patch.items():
        if name.startswith(_DELETE_FROM):
            key = _list_name(name, _DELETE_FROM, "invalid patch format of primitive list")
            if isinstance(original.get(key), list) and isinstance(value, list):
                unwanted = Positions(value)
                original[key] = [item for item in original[key] if item not in unwanted]
        elif value is None:
            original.pop(name, None)
        else:
            _merge_field(original, name, value, schema)
    return original


def _merge_field(original: JSONObject, name: str, value: Any, schema: Schema) -> None:
    old = original.get(name)
    known = _field(schema, name)
    if isinstance(old, dict) and isinstance(value, dict):
        original[name] = value if "replace" in known.patch_strategies else _merge_maps(old, value, known)
    elif isinstance(old, list) and isinstance(value, list):
        original[name] = _merge_lists(old, value, known) if "merge" in known.patch_strategies else value
    else:
        _discard_nulls(value)
        kept = _without_directives(value)
        if kept is _DROPPED:
            original.pop(name, None)
        else:
            original[name] = kept


def _field(schema: Schema, name: str) -> Schema:
    return schema.properties.get(name) or schema.additional or _UNTYPED


def _retain_keys(original: JSONObject, patch: JSONObject) -> None:
    if _RETAIN_KEYS not in patch:
        return
    retained = patch.pop(_RETAIN_KEYS)
    if not isinstance(retained, list):
        raise bad_request("invalid patch format of retainKeys")
    for name, value in patch.items():
        if value is not None and not name.startswith((_DELETE_FROM, ORDER)) and name not in retained:
            raise bad_request("invalid patch format of retainKeys")
    for name in [name for name in original if name not in retained]:
        del original[name]


def _list_name(directive: str, prefix: str, complaint: str) -> str:
    head, slash, name = directive.partition("/")
    if not slash or head != prefix:
        raise bad_request(complaint)
    return name


def _merge_ordered_lists(original: JSONObject, patch: JSONObject, schema: Schema) -> None:
    for directive in [name for name in patch if name.startswith(ORDER)]:
        order = patch.pop(directive)
        if not isinstance(order, list):
            raise wrong_argument("[]interface {}", order)
        name = _list_name(directive, ORDER, "invalid patch format of setElementOrder list")
        old, new = original.get(name), patch.get(name)
        for value in (old, new):
            if value is not None and not isinstance(value, list):
                raise wrong_argument("[]interface {}", value)
        if schema.struct_name and name not in schema.properties:
            raise failed(f'unable to find api field in struct {schema.struct_name} for the json field "{name}"')
        known = _field(schema, name)
        if schema.struct_name and known.additional is not None:
            raise failed("expected slice or array type, but got: struct")
        key = known.patch_merge_key
        check_order(new or [], order, key)
        if old is None and new is None:
            continue
        if new is None:
            merged = cast("list[Any]", old)
        elif old is None:
            merged = _without_directives(new)
        else:
            merged = _merge_lists(old, new, known) if "merge" in known.patch_strategies else new
        original[name] = in_order(merged, order, old or [], key, _are_maps((old or [], new or []), key))
        patch.pop(name, None)


def _are_maps(lists: Sequence[list[Any]], key: str) -> bool:
    """Return whether the items of the lists are maps; all must be of one type, and not lists."""
    items = [item for each in lists for item in each]
    if any(isinstance(item, list) for item in items[:1]):
        raise unprocessable()
    if len({type(item) for item in items}) > 1:
        raise failed(f"list element types are not identical: {go_format(list(lists))}")
    maps = bool(items) and isinstance(items[0], dict)
    if maps and not key:
        raise failed("cannot merge lists without merge key for struct")
    return maps


def _merge_lists(original: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    if not original and not patch:
        return original
    key = schema.patch_merge_key
    if not _are_maps((original, patch), key):
        merged: list[Any] = []
        known = Positions()
        for item in [*original, *patch]:
            if item not in known:
                known.append(item)
                merged.append(item)
        return in_order(merged, patch, original, "", maps=False)
    original, patch = _with_special_items(original, patch, key)
    merged = list(original)
    of = schema.items or _UNTYPED
    places = _keyed(merged, key)
    for item in patch:
        value = key_value(item, key)
        place = places.find(value)
        if place is None:
            merged.append(item)
            places.append(value)
        else:
            merged[place] = _merge_maps(merged[place], item, of)
    return in_order(merged, patch, original, key, maps=True)


def _keyed(items: Sequence[JSONObject], key: str) -> Positions:
    """Return where the values of a merge key are in a list; an item may have none."""
    places = Positions()
    for item in items:
        if key in item:
            places.append(item[key])
        else:
            places.skip()
    return places


def _with_special_items(
    original: list[JSONObject], patch: list[JSONObject], key: str
) -> tuple[list[JSONObject], list[JSONObject]]:
    """Obeys the items that are directives; the lists without them and without what they delete."""
    plain: list[JSONObject] = []
    deleted = Positions()
    replace = False
    for item in patch:
        match item.get(DIRECTIVE, _DROPPED):
            case directive if directive is _DROPPED:
                plain.append(item)
            case "delete":
                deleted.append(key_value(item, key))
            case "replace":
                replace = True
            case "merge":
                raise failed("merging lists cannot yet be specified in the patch")
            case directive:
                raise _unknown_directive(directive, item)
    if replace:
        return plain, []
    return [other for other in original if key not in other or other[key] not in deleted], plain


_DROPPED = object()


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return _DROPPED
        cleaned = {name: _without_directives(item) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item is not _DROPPED}
    if isinstance(value, list):
        return [item for item in map(_without_directives, value) if item is not _DROPPED]
    return value


def _discard_nulls(value: Any) -> None:
    if isinstance(value, dict):
        for name in [name for name, item in value.items() if item is None]:
            del value[name]
        for item in value.values():
            _discard_nulls(item)
    elif isinstance(value, list):
        for item in value:
            _discard_nulls(item)
