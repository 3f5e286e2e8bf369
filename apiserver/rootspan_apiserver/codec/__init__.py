"""Bodies into objects: JSON, YAML and protobuf, strict or lenient, in the words of the real server."""

from rootspan_apiserver.codec.decoding import (
    Decoded,
    FieldValidation,
    decode,
    decode_applied,
    read_patched,
)

__all__ = [
    "Decoded",
    "FieldValidation",
    "decode",
    "decode_applied",
    "read_patched",
]
