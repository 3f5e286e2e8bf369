"""JSON Patch (RFC 6902).

Objects on the path to a patched value have their keys sorted afterwards, as kube-apiserver shows them in its errors.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (jsonPatcher), gopkg.in/evanphx/json-patch.v4/patch.go
"""

from collections.abc import Iterator
from typing import Any

import jsonpatch
import jsonpointer
import orjson

from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.types.json_values import DuplicateKeys, check_depth
from rootspan_apiserver.types.problems import NotDecodableError, Problems

MAXIMUM_OPERATIONS = 10_000
_KNOWN = frozenset({"op", "path", "from", "value"})
_VALUED = frozenset({"add", "replace", "test"})
_MAXIMUM_COPIED = 3 * 1024 * 1024
_FAILURES = (
    jsonpatch.JsonPatchException,
    jsonpointer.JsonPointerException,
    AttributeError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    NotDecodableError,
)


def read(body: bytes, *, strict: bool = False) -> tuple[list[JSONObject], list[str]]:
    """Return the operations of a patch and, if `strict`, its strict decoding errors.

    Raises:
        StatusError: 400 where it is no JSON patch, 413 where it has too many operations.
    """
    try:
        operations = json_body.load(body, duplicates=strict)
    except NotDecodableError as error:
        raise bad_request(f"error decoding patch: {error}" if strict else str(error)) from error
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        shape = "array" if isinstance(operations, list) else "object"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {shape} into Go value of type []handlers.jsonPatchOp"
        )
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


def apply(obj: JSONObject, operations: list[JSONObject]) -> JSONObject:
    """Return the patched object; `obj` is not changed.

    Raises:
        StatusError: 422, an operation cannot be carried out or a test fails; kube-apiserver does not say which.
    """
    result: Any = orjson.loads(orjson.dumps(obj))
    copied = 0
    try:
        for operation in operations:
            if operation.get("op") in _VALUED:
                operation = {"value": None, **operation}
            elif operation.get("op") == "copy":
                copied += len(orjson.dumps(jsonpointer.resolve_pointer(result, operation["from"])))
                if copied > _MAXIMUM_COPIED:
                    raise _unprocessable()
            result = jsonpatch.JsonPatch([operation]).apply(result, in_place=True)
        check_depth(result)
    except _FAILURES as error:
        raise _unprocessable() from error
    if not isinstance(result, dict):
        raise _unprocessable()
    for pointer in {pointer for operation in operations for pointer in _ancestors(str(operation.get("path", "")))}:
        touched = jsonpointer.resolve_pointer(result, pointer, None)
        if isinstance(touched, dict):
            listed = sorted(touched.items())
            touched.clear()
            touched.update(listed)
    return result


def _ancestors(pointer: str) -> Iterator[str]:
    while pointer.startswith("/"):
        pointer = pointer.rpartition("/")[0]
        yield pointer


def _unprocessable() -> StatusError:
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})
