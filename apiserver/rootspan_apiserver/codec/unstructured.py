"""What Go says where a value of no type, as a strategic merge patch leaves it, cannot become an object of one: other words than JSON's."""

from rootspan_apiserver.codec.problems import MismatchError, NotDecodableError


def conversion_error(error: NotDecodableError) -> str:
    """What the converter says of what the decoder refused."""
    if not isinstance(error, MismatchError):
        return str(error)
    kind, wanted = _kind(error.value), error.wanted
    if wanted.startswith("map["):
        return f"cannot restore map from {kind}"
    if wanted.startswith("[]"):
        return f"cannot restore slice from {kind}"
    if "." in wanted:
        return f"cannot restore struct from: {kind}"
    convertible = {"int64", "float64"} if wanted in ("int32", "int64", "float64") else {"int64"}
    if kind in convertible and wanted != "bool":
        return f"cannot convert {kind} to {wanted}"
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
