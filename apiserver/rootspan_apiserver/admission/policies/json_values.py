"""The values of CEL as JSON.

Upstream: github.com/google/cel-go/common/types (ConvertToNative to structpb.Value),
staging/src/k8s.io/apiserver/pkg/cel/mutation/dynamic/objects.go
"""

import base64
from typing import Any

from rootspan_apiserver.admission.policies.structured_merge import MutationError
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.resources.admissionregistration.patch_objects import ConstructedObject
from rootspan_apiserver.rules.cel.implementations.conversions import write_duration
from rootspan_apiserver.rules.cel.implementations.moments import write_timestamp
from rootspan_apiserver.rules.cel.values import Duration, Timestamp, shown, type_name

_EXACT_IN_DOUBLE = 2**53 - 1


def as_json(value: Any, *, as_double: bool = False) -> Any:
    """Return a value as JSON; `as_double` is for numbers that pass through a double, which large integers do as text.

    Raises:
        MutationError: JSON has no such value.
    """
    match value:
        case ConstructedObject():
            return {name: as_json(item, as_double=as_double) for name, item in value.fields.items()}
        case dict():
            if wrong := [key for key in value if not isinstance(key, str)]:
                raise MutationError(f"map key {quote(shown(wrong[0]))} is of type {type_name(wrong[0])}, not string")
            return {key: as_json(item, as_double=as_double) for key, item in value.items()}
        case list():
            return [as_json(item, as_double=as_double) for item in value]
        case None | bool() | str():
            return value
        case int():
            return str(int(value)) if as_double and abs(value) > _EXACT_IN_DOUBLE else int(value)
        case float():
            return int(value) if as_double and value.is_integer() else value
        case bytes():
            return base64.b64encode(value).decode()
        case Timestamp() | Duration():
            return write_timestamp(value) if isinstance(value, Timestamp) else write_duration(value)
    words = "JSONPath valueExpression evaluated to a type that could not marshal to JSON"
    raise MutationError(f"{words}: {type_name(value)}")
