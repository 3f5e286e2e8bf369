"""Strategic merge patch: a merge patch that knows of its types which lists are merged by a key, and speaks in directives.

In a map: `$patch: replace` takes the map as it is, `$patch: delete` empties it, `$retainKeys` names the keys that may remain,
`$setElementOrder/<list>` the order of a merged list, `$deleteFromPrimitiveList/<list>` what goes out of a list of scalars. In an item of
a merged list: `$patch: delete` takes the item with that key out, `$patch: replace` discards what the list held. Which lists are merged,
and by which key, is in the schema (`patch_strategies`, `patch_merge_key`). The rules are those of apimachinery's `strategicpatch`.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson

from rootspan_apiserver.kube.go_values import go_format, go_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request, unprocessable
from rootspan_apiserver.patch.merge_patch import load_document
from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.schema import Schema

_DIRECTIVE = "$patch"
_RETAIN_KEYS = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_ORDER = "$setElementOrder"
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


def _failed(text: str) -> StatusError:
    return StatusError(500, "", text)


def _no_merge_key(item: JSONObject, key: str) -> StatusError:
    return _failed(f"map: {go_format(item)} does not contain declared merge key: {key}")


def _wrong_argument(expected: str, value: Any) -> StatusError:
    received = "%!s(<nil>)" if value is None else go_type(value)
    return _failed(f"expected a {expected}, but received a {received}")


def _unknown_directive(directive: Any, item: JSONObject) -> StatusError:
    """Return the error for a directive that there is not; what is no string is shown as Go shows it where a string is due."""
    shown = go_format(directive)
    if directive is None:
        shown = "%!s(<nil>)"
    elif isinstance(directive, bool | int | float):
        shown = f"%!s({_GO_TYPES[type(directive)]}={shown})"
    return _failed(f"unknown patch type: {shown} in map: {go_format(item)}")


def _merge_maps(original: JSONObject, patch: JSONObject, schema: Schema) -> JSONObject:
    if _DIRECTIVE in patch:
        directive = patch.pop(_DIRECTIVE)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise _unknown_directive(directive, {_DIRECTIVE: directive, **patch})
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, schema)
    for name, value in patch.items():
        if name.startswith(_DELETE_FROM):
            key = _list_name(name, _DELETE_FROM, "invalid patch format of primitive list")
            if isinstance(original.get(key), list) and isinstance(value, list):
                original[key] = [item for item in original[key] if item not in value]
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
        if value is not None and not name.startswith((_DELETE_FROM, _ORDER)) and name not in retained:
            raise bad_request("invalid patch format of retainKeys")
    for name in [name for name in original if name not in retained]:
        del original[name]


def _list_name(directive: str, prefix: str, complaint: str) -> str:
    head, slash, name = directive.partition("/")
    if not slash or head != prefix:
        raise bad_request(complaint)
    return name


def _merge_ordered_lists(original: JSONObject, patch: JSONObject, schema: Schema) -> None:
    for directive in [name for name in patch if name.startswith(_ORDER)]:
        order = patch.pop(directive)
        if not isinstance(order, list):
            raise _wrong_argument("[]interface {}", order)
        name = _list_name(directive, _ORDER, "invalid patch format of setElementOrder list")
        old, new = original.get(name), patch.get(name)
        for value in (old, new):
            if value is not None and not isinstance(value, list):
                raise _wrong_argument("[]interface {}", value)
        if schema.struct_name and name not in schema.properties:
            raise _failed(f'unable to find api field in struct {schema.struct_name} for the json field "{name}"')
        known = _field(schema, name)
        if schema.struct_name and known.additional is not None:
            raise _failed("expected slice or array type, but got: struct")
        key = known.patch_merge_key
        _check_order(new or [], order, key)
        if old is None and new is None:
            continue
        if new is None:
            merged = cast("list[Any]", old)
        elif old is None:
            merged = _without_directives(new)
        else:
            merged = _merge_lists(old, new, known) if "merge" in known.patch_strategies else new
        original[name] = _in_order(merged, order, old or [], key, _are_maps((old or [], new or []), key))
        patch.pop(name, None)


def _check_order(patch: Sequence[Any], order: Sequence[Any], key: str) -> None:
    """The items of the patch must be in the order list, in its order; deletions and directives are exempt."""
    if not order or not patch:
        return
    rest = iter(order)
    for item in patch:
        if isinstance(item, dict) and _DIRECTIVE in item:
            continue
        wanted = _key_value(item, key) if key else item
        if not any((_key_value(other, key) if key else other) == wanted for other in rest):
            lists = f"{go_format(list(patch))}\n doesn't match {_ORDER} list:\n{go_format(list(order))}\n"
            raise _failed(f"The order in patch list:\n{lists}")


def _key_value(item: Any, key: str) -> Any:
    if not isinstance(item, dict):
        raise _wrong_argument("map[string]interface {}", item)
    if key not in item:
        raise _no_merge_key(item, key)
    return item[key]


def _are_maps(lists: Sequence[list[Any]], key: str) -> bool:
    """Return whether the items of the lists are maps; all must be of one type, and not lists."""
    items = [item for each in lists for item in each]
    if any(isinstance(item, list) for item in items[:1]):
        raise unprocessable()
    if len({type(item) for item in items}) > 1:
        raise _failed(f"list element types are not identical: {go_format(list(lists))}")
    maps = bool(items) and isinstance(items[0], dict)
    if maps and not key:
        raise _failed("cannot merge lists without merge key for struct")
    return maps


def _merge_lists(original: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    if not original and not patch:
        return original
    key = schema.patch_merge_key
    if not _are_maps((original, patch), key):
        merged: list[Any] = []
        for item in [*original, *patch]:
            if item not in merged:
                merged.append(item)
        return _in_order(merged, patch, original, "", maps=False)
    original, patch = _with_special_items(original, patch, key)
    merged = list(original)
    of = schema.items or _UNTYPED
    for item in patch:
        value = _key_value(item, key)
        place = next((index for index, other in enumerate(merged) if other.get(key) == value and key in other), None)
        if place is None:
            merged.append(item)
        else:
            merged[place] = _merge_maps(merged[place], item, of)
    return _in_order(merged, patch, original, key, maps=True)


def _with_special_items(
    original: list[JSONObject], patch: list[JSONObject], key: str
) -> tuple[list[JSONObject], list[JSONObject]]:
    """Obeys the items that are directives; the lists without them and without what they delete."""
    plain: list[JSONObject] = []
    replace = False
    for item in patch:
        match item.get(_DIRECTIVE, _DROPPED):
            case directive if directive is _DROPPED:
                plain.append(item)
            case "delete":
                value = _key_value(item, key)
                original = [other for other in original if key not in other or other[key] != value]
            case "replace":
                replace = True
            case "merge":
                raise _failed("merging lists cannot yet be specified in the patch")
            case directive:
                raise _unknown_directive(directive, item)
    return (plain, []) if replace else (original, plain)


def _in_order(merged: list[Any], order: Sequence[Any], server_order: Sequence[Any], key: str, maps: bool) -> list[Any]:
    """Return the items in `order`, with those it does not name woven in where the server's order has them."""
    for index, item in enumerate(order if maps else ()):
        if not isinstance(item, dict):
            raise _failed(f"value for key {index} is not a map")
    value: Callable[[Any], Any] = (lambda item: _key_value(item, key)) if maps else (lambda item: item)
    wanted = [value(item) for item in order]
    before = [value(item) for item in server_order]
    named = sorted((item for item in merged if value(item) in wanted), key=lambda item: wanted.index(value(item)))
    others = [item for item in merged if value(item) not in wanted]
    others.sort(key=lambda item: before.index(value(item)) if value(item) in before else len(before))
    out: list[Any] = []
    while others and named:
        left, right = value(others[0]), value(named[0])
        if left in before and right in before and before.index(left) < before.index(right):
            out.append(others.pop(0))
        else:
            out.append(named.pop(0))
    return out + named + others


_DROPPED = object()


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        if _DIRECTIVE in value:
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
