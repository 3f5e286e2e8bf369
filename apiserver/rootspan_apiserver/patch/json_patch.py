"""JSON Patch (RFC 6902), with the laxities of the library that kube-apiserver uses.

A `replace` sets a key that is absent, an index may count from the end, what stands before the first slash of a path does not matter, and a
`test` for null holds where nothing is. The containers on the way to a patched value have their keys sorted afterwards, as kube-apiserver
shows them in its errors.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (jsonPatcher), gopkg.in/evanphx/json-patch.v4/patch.go
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.types.json_values import DuplicateKeys, check_depth
from rootspan_apiserver.types.problems import NotDecodableError, Problems

MAXIMUM_OPERATIONS = 10_000
_KNOWN = frozenset({"op", "path", "from", "value"})
_MAXIMUM_COPIED = 3 * 1024 * 1024
_INDEX = re.compile(r"[+-]?[0-9]{1,18}")
_ABSENT: Final = object()


class JSONPatchError(Exception):
    """An operation cannot be carried out, or a test fails; the text is the library's."""


class TestFailedError(JSONPatchError):
    """A `test` operation finds another value than it names."""


def read(body: bytes, *, strict: bool = False) -> tuple[list[JSONObject], list[str]]:
    """Return the operations of a patch and, if `strict`, its strict decoding errors.

    Raises:
        StatusError: 400 where it is no JSON patch, 413 where it has too many operations.
    """
    try:
        operations = json_body.load(body, duplicates=strict)
        _check_types([] if operations is None else operations, strict=strict)
    except NotDecodableError as error:
        raise bad_request(f"error decoding patch: {error}" if strict else str(error)) from error
    operations = [operation or {} for operation in operations or ()]
    if len(operations) > MAXIMUM_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {MAXIMUM_OPERATIONS}, got {len(operations)}"
        raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {text}")
    problems = Problems()
    if strict:
        for index, operation in enumerate(operations):
            for key in operation.keys() - _KNOWN:
                problems.add("unknown", f"[{index}].{key}")
            if isinstance(operation, DuplicateKeys):
                for key in operation.repeated:
                    problems.add("duplicate", f"[{index}].{key}")
    return operations, [f"json patch {text}" for text in problems.found]


def _check_types(operations: Any, *, strict: bool) -> None:
    """Raise NotDecodableError where Go cannot read the patch; strictly it is read into a type of the server's first."""
    whole, one = (
        ("[]handlers.jsonPatchOp", "handlers.jsonPatchOp") if strict else ("jsonpatch.Patch", "jsonpatch.Operation")
    )
    if not isinstance(operations, list):
        raise NotDecodableError(f"json: cannot unmarshal {json_type(operations)} into Go value of type {whole}")
    for operation in operations:
        if not isinstance(operation, dict | None):
            raise NotDecodableError(f"json: cannot unmarshal {json_type(operation)} into Go value of type {one}")
        for key in ("op", "path", "from") if strict else ():
            if not isinstance(value := (operation or {}).get(key), str | None):
                field = f"Go struct field jsonPatchOp.{key} of type string"
                raise NotDecodableError(f"json: cannot unmarshal {json_type(value)} into {field}")


def apply(obj: JSONObject, operations: list[JSONObject]) -> Any:
    """Return the patched object, which may be a list by now; `obj` is not changed.

    Raises:
        JSONPatchError: an operation cannot be carried out; TestFailedError, a test fails.
    """
    document = _Document(orjson.loads(orjson.dumps(obj)))
    for operation in operations:
        document.carry_out(operation)
    return document.result()


class _Document:
    """A document that is being patched."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._opened: dict[int, JSONObject] = {}
        self._copied = 0

    def result(self) -> Any:
        """Return the document, with the keys of what was opened sorted."""
        for opened in [self._root, *self._opened.values()]:
            if isinstance(opened, dict):
                listed = sorted(opened.items())
                opened.clear()
                opened.update(listed)
        try:
            check_depth(self._root)
        except NotDecodableError as error:
            raise JSONPatchError(str(error)) from error
        return self._root

    def carry_out(self, operation: JSONObject) -> None:
        kind = operation.get("op")
        method = _OPERATIONS.get(kind) if isinstance(kind, str) else None
        if method is None:
            raise JSONPatchError(f"Unexpected kind: {kind if isinstance(kind, str) else 'unknown'}")
        method(self, operation)

    def add(self, operation: JSONObject) -> None:
        path = _text(operation, "path", "add operation failed to decode path: missing value")
        where = self._holder(path, f'add operation does not apply: doc is missing path: "{path}": missing value')
        _add(*where, operation.get("value"), f"error in add for path: '{path}'")

    def remove(self, operation: JSONObject) -> None:
        path = _text(operation, "path", "remove operation failed to decode path: missing value")
        where = self._holder(path, f'remove operation does not apply: doc is missing path: "{path}": missing value')
        _remove(*where, f"error in remove for path: '{path}'")

    def replace(self, operation: JSONObject) -> None:
        path = _text(operation, "path", "replace operation failed to decode path: " + _missing("path"))
        value = operation.get("value")
        if path == "":
            if not isinstance(value, dict | list):
                raise JSONPatchError("replace operation value must be object or array: %!w(<nil>)")
            self._root = value
            return
        missing = f"replace operation does not apply: doc is missing path: {path}: missing value"
        holder, key = self._holder(path, missing)
        try:
            _get(holder, key)
        except JSONPatchError as error:
            why = f"replace operation does not apply: doc is missing key: {path}: missing value"
            raise JSONPatchError(why) from error
        holder[key if isinstance(holder, dict) else int(key)] = value

    def move(self, operation: JSONObject) -> None:
        origin = _text(operation, "from", "move operation failed to decode from: " + _missing("from"))
        missing = f"move operation does not apply: doc is missing from path: {origin}: missing value"
        holder, key = self._holder(origin, missing)
        value = _get(holder, key, f"error in move for path: '{key}'")
        _remove(holder, key, f"error in move for path: '{key}'")
        path = _text(operation, "path", "move operation failed to decode path: " + _missing("path"))
        where = self._holder(
            path, f"move operation does not apply: doc is missing destination path: {path}: missing value"
        )
        _add(*where, None if value is _ABSENT else value, f"error in move for path: '{path}'")

    def copy(self, operation: JSONObject) -> None:
        origin = _text(operation, "from", "copy operation failed to decode from: " + _missing("from"))
        missing = f"copy operation does not apply: doc is missing from path: {origin}: missing value"
        value = _get(*self._holder(origin, missing), f"error in copy for from: '{origin}'")
        path = _text(operation, "path", "copy operation failed to decode path: missing value")
        where = self._holder(
            path, f"copy operation does not apply: doc is missing destination path: {path}: missing value"
        )
        text = b"" if value is _ABSENT else orjson.dumps(value)
        self._copied += len(text)
        if self._copied > _MAXIMUM_COPIED:
            size = f"{self._copied}, exceeding the limit {_MAXIMUM_COPIED}"
            raise JSONPatchError(f"Unable to complete the copy, the accumulated size increase of copy is {size}")
        _add(*where, orjson.loads(text) if text else None, "error while adding value during copy")

    def test(self, operation: JSONObject) -> None:
        path = _text(operation, "path", "test operation failed to decode path: " + _missing("path"))
        found = self._root
        if path != "":
            where = self._holder(path, f"test operation does not apply: is missing path: {path}: missing value")
            found = _get(*where, f"error in test for path: '{path}'")
        wanted = operation.get("value")
        if not self._equal(None if found is _ABSENT else found, wanted):
            raise TestFailedError(f"testing value {path} failed: test failed")

    def _holder(self, path: str, missing: str) -> tuple[Any, str]:
        """Return the container of what a path leads to, and its key in it.

        Raises:
            JSONPatchError: `missing`, there is no such container.
        """
        _, *parts = path.split("/")
        if not parts:
            raise JSONPatchError(missing)
        holder = self._root
        for part in parts[:-1]:
            try:
                holder = _get(holder, _unescaped(part))
            except JSONPatchError as error:
                raise JSONPatchError(missing) from error
            if not isinstance(holder, dict | list):
                raise JSONPatchError(missing)
            self._open(holder)
        return holder, _unescaped(parts[-1])

    def _open(self, container: Any) -> None:
        if isinstance(container, dict):
            self._opened[id(container)] = container

    def _equal(self, one: Any, other: Any) -> bool:
        """Return whether two values have the same JSON text, whatever the order of keys: 1 is not 1.0."""
        if isinstance(one, dict) and isinstance(other, dict):
            self._open(one)
            return one.keys() == other.keys() and all(self._equal(one[key], other[key]) for key in one)
        if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(map(self._equal, one, other))
        return one.__class__ is other.__class__ and bool(one == other)


_OPERATIONS: Mapping[str, Callable[[_Document, JSONObject], None]] = MappingProxyType(
    {
        "add": _Document.add,
        "remove": _Document.remove,
        "replace": _Document.replace,
        "move": _Document.move,
        "test": _Document.test,
        "copy": _Document.copy,
    }
)


def _missing(name: str) -> str:
    return f"operation{',' if name == 'from' else ''} missing {name} field: missing value"


def _text(operation: JSONObject, name: str, missing: str) -> str:
    value = operation.get(name)
    if value is None:
        raise JSONPatchError(missing)
    if not isinstance(value, str):
        prefix = missing.partition(": ")[0]
        raise JSONPatchError(f"{prefix}: json: cannot unmarshal {json_type(value)} into Go value of type string")
    return value


def _unescaped(part: str) -> str:
    # One pass, as Go's replacer: `~01` is `~1`.
    return re.sub("~[01]", lambda found: "/" if found[0] == "~1" else "~", part)


def _index(key: str) -> int:
    if _INDEX.fullmatch(key) is None:
        raise JSONPatchError(f'strconv.Atoi: parsing "{key}": invalid syntax')
    return int(key)


def _out_of_range(index: int) -> JSONPatchError:
    return JSONPatchError(f"Unable to access invalid index: {index}: invalid index referenced")


def _get(holder: Any, key: str, context: str = "") -> Any:
    """Return what is at a key, `_ABSENT` where an object has no such key. Raises JSONPatchError for an index that a list does not have."""
    if isinstance(holder, dict):
        return holder.get(key, _ABSENT)
    try:
        index = _index(key)
        if not -len(holder) <= index < len(holder):
            raise _out_of_range(index)
    except JSONPatchError as error:
        raise JSONPatchError(f"{context}: {error}") from error
    return holder[index]


def _add(holder: Any, key: str, value: Any, context: str) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    elif key == "-":
        holder.append(value)
    else:
        try:
            index = _index(key)
        except JSONPatchError as error:
            raise JSONPatchError(f"{context}: value was not a proper array index: '{key}': {error}") from error
        size = len(holder) + 1
        if not -size <= index < size:
            raise JSONPatchError(f"{context}: {_out_of_range(index)}")
        holder.insert(index if index >= 0 else index + size, value)


def _remove(holder: Any, key: str, context: str) -> None:
    if _get(holder, key, context) is _ABSENT:
        raise JSONPatchError(f"{context}: Unable to remove nonexistent key: {key}: missing value")
    del holder[key if isinstance(holder, dict) else int(key)]
