"""Bodies into objects and back: JSON, YAML and protobuf, strict or lenient, in the words of the real server."""

from rootspan_apiserver.codec.canonical import canonical, empty_object
from rootspan_apiserver.codec.decoding import (
    Decoded,
    FieldValidation,
    decode,
    decode_applied,
    read_patched,
    unsupported_media_type,
)
from rootspan_apiserver.codec.problems import NotDecodableError
from rootspan_apiserver.codec.protobuf_encoding import encode as encode_protobuf

__all__ = [
    "Decoded",
    "FieldValidation",
    "NotDecodableError",
    "canonical",
    "decode",
    "decode_applied",
    "empty_object",
    "encode_protobuf",
    "read_patched",
    "unsupported_media_type",
]
