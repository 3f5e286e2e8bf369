"""Go's errors for a value without a type, as a strategic merge patch leaves it, that does not fit its type.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/converter.go
"""

from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.types.problems import Base64Error, MismatchError, NotDecodableError


def conversion_error(error: NotDecodableError) -> str:
    """Return what the converter says of what the decoder refused."""
    if isinstance(error, Base64Error):
        return f"error decoding from json: {error}"
    if not isinstance(error, MismatchError):
        prefix = "error decoding from json: " if str(error).startswith("illegal base64 data") else ""
        return f"{prefix}{error}"
    kind, wanted = _kind(error.value), error.go_kind
    if not wanted:
        shown = (
            f"number {error.value}"
            if error.go_name == "int32" and kind in ("int64", "float64")
            else json_type(error.value)
        )
        return f"json: cannot unmarshal {shown} into Go value of type {error.go_name}"
    if wanted in ("map", "slice"):
        return f"cannot restore {wanted} from {kind}"
    if wanted == "struct":
        return f"cannot restore struct from: {kind}"
    convertible = {"int64", "float64"} if wanted in ("int", "int32", "int64", "float64") else {"int64"}
    if kind in convertible and wanted != "bool":
        return f"cannot convert {kind} to {error.go_name}"
    return f"unrecognized type: {wanted}"


def _kind(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
        case str():
            return "string"
        case list():
            return "slice"
        case _:
            return "map"
