"""`application/vnd.kubernetes.protobuf`: four bytes of magic, then an envelope with kind, apiVersion and the object's own message.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf/protobuf.go
"""

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types

MAGIC = b"k8s\x00"
_METADATA = "PartialObjectMetadata"
_SAME_TYPE = {GroupVersionKind("meta.k8s.io", "v1beta1", _METADATA): GroupVersionKind("meta.k8s.io", "v1", _METADATA)}
"""Kinds that are the type of another version."""


def decode(body: bytes, expected: GroupVersionKind) -> tuple[JSONObject, GroupVersionKind]:
    """Return the object of an enveloped message, without kind and apiVersion, and the kind that the envelope names.

    Raises:
        NotDecodableError: not such a message, or of a kind other than the expected.
    """
    if not body:
        raise NotDecodableError("empty data")
    if not body.startswith(MAGIC):
        raise NotDecodableError(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    api_version = kind = content_type = ""
    raw = memoryview(b"")
    for number, wire_type, value in wire.fields(memoryview(body)[len(MAGIC) :]):
        content = _message(value, wire_type, number)
        if number == 1:
            for inner, inner_type, text in wire.fields(content):
                if inner == 1:
                    api_version = wire.text(_message(text, inner_type, inner))
                elif inner == 2:
                    kind = wire.text(_message(text, inner_type, inner))
        elif number == 2:
            raw = content
        elif number == 4:
            content_type = wire.text(content)
    group, _, version = api_version.rpartition("/")
    actual = GroupVersionKind(group, version, kind) if api_version else expected
    actual = actual if kind else GroupVersionKind(actual.group, actual.version, expected.kind)
    struct = go_types().struct_of(actual)
    if struct is None or actual.kind != expected.kind:
        raise NotDecodableError(f'no kind "{actual.kind}" is registered for version "{actual.api_version}"')
    if content_type not in {"", "application/vnd.kubernetes.protobuf"}:
        raise NotDecodableError(f"encoded content type {content_type!r} is not supported inside the envelope")
    return struct.decode(raw), actual


def _message(value: int | memoryview, wire_type: int, number: int) -> memoryview:
    if wire_type != wire.BYTES:
        raise wire.wrong_wire_type(wire_type, number)
    return wire.octets(value)


def encode(obj: JSONObject, kind: GroupVersionKind) -> bytes | None:
    """Return the object in its envelope, byte for byte as Go writes it; None for a kind that has no protobuf, as custom resources.

    The envelope names the version that the object names, which discovery leaves out below `/api`.
    """
    struct = go_types().struct_of(_SAME_TYPE.get(kind, kind))
    if struct is None or not struct.has_protobuf:
        return None
    parts = (
        MAGIC,
        wire.bytes_field(1, _type_meta(obj, kind)),
        wire.bytes_field(2, struct.encode_fields(obj)),
        ListMessage.end,
    )
    return b"".join(parts)


class ListMessage:
    """A list in its envelope, whose items are encoded in batches."""

    end = wire.bytes_field(3, b"") + wire.bytes_field(4, b"")

    def __init__(self, head: JSONObject, kind: GroupVersionKind, struct: StructType, field: str) -> None:
        self._type_meta = wire.bytes_field(1, _type_meta(head, kind))
        self._head = struct.encode_fields(head)
        self._field = struct.fields[field]

    def items(self, objects: list[JSONObject]) -> bytes:
        """Return some items; those of all batches follow each other."""
        return self._field.type.encode(self._field.tag, objects)

    def beginning(self, size: int) -> bytes:
        """Return what comes before the items, which have `size` bytes."""
        return self._type_meta + wire.beginning(2, len(self._head) + size) + self._head


def encode_list(head: JSONObject, field: str) -> ListMessage | None:
    """Return the message of a list that has all its fields but that of the items; None for a kind that has no protobuf."""
    group, _, version = head.get("apiVersion", "v1").rpartition("/")
    kind = GroupVersionKind(group, version, head["kind"])
    struct = go_types().struct_of(kind)
    if struct is None or not struct.has_protobuf:
        return None
    return ListMessage(head, kind, struct, field)


def _type_meta(obj: JSONObject, kind: GroupVersionKind) -> bytes:
    return wire.bytes_field(1, obj.get("apiVersion", "").encode()) + wire.bytes_field(2, kind.kind.encode())
