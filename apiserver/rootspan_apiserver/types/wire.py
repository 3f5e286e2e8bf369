"""The wire format of protobuf: keys, varints and lengths, with every length checked against what is there."""

import struct
from collections.abc import Iterator

from rootspan_apiserver.types.problems import NotDecodableError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yield number, wire type and value of each field of a message; a value is an integer or the bytes.

    Raises:
        NotDecodableError: the message is cut short or no protobuf.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        value: int | memoryview
        if wire_type == VARINT:
            value, position = _varint(data, position)
        else:
            if wire_type == BYTES:
                size, position = _varint(data, position)
            elif wire_type == FIXED64:
                size = 8
            elif wire_type == FIXED32:
                size = 4
            else:
                raise NotDecodableError(f"proto: illegal wireType {wire_type}")
            if size > end - position:
                raise NotDecodableError("unexpected EOF")
            value = data[position : position + size]
            position += size
        if number == 0:
            raise NotDecodableError(f"proto: illegal tag {number} (wire type {wire_type})")
        yield number, wire_type, value


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    result = shift = 0
    try:
        while True:
            byte = data[position]
            position += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result & 0xFFFFFFFFFFFFFFFF, position
            shift += 7
            if shift >= 64:
                raise NotDecodableError("proto: integer overflow")
    except IndexError as error:
        raise NotDecodableError("unexpected EOF") from error


def varints(data: memoryview) -> Iterator[int]:
    """Yield the numbers of a packed list."""
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        yield value


def signed(value: int) -> int:
    """Return the integer that a varint stands for in two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(data: memoryview) -> float:
    """Return the number of eight bytes."""
    number: float = struct.unpack("<d", data)[0]
    return number


_ONE_BYTE = tuple(bytes([value]) for value in range(0x80))


def varint(value: int) -> bytes:
    """Return an integer as a varint; negative ones take ten bytes."""
    if 0 <= value < 0x80:
        return _ONE_BYTE[value]
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return bytes as a field, after their length."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def beginning(number: int, size: int) -> bytes:
    """Return what comes before the `size` bytes of a field."""
    return varint(number << 3 | BYTES) + varint(size)


def length_prefixed(tag: bytes, value: bytes) -> bytes:
    """Return bytes as a field whose key is `tag`."""
    return tag + varint(len(value)) + value


def integer_field(number: int, value: int) -> bytes:
    """Return an integer as a field."""
    return varint(number << 3 | VARINT) + varint(value)


def double_bytes(value: float) -> bytes:
    """Return the eight bytes of a number."""
    return struct.pack("<d", value)


def wrong_wire_type(wire_type: int, number: int) -> NotDecodableError:
    """Return the error for a field whose wire type is not that of its Go type."""
    return NotDecodableError(f"proto: wrong wireType = {wire_type} for field {number}")


def text(data: int | memoryview) -> str:
    """Return the text of a string field.

    Raises:
        NotDecodableError: the bytes are not UTF-8.
    """
    try:
        return str(octets(data), "utf-8")
    except UnicodeDecodeError as error:
        raise NotDecodableError("proto: string field contains invalid UTF-8") from error


def octets(value: int | memoryview) -> memoryview:
    """Narrow the value of a field of wire type BYTES or FIXED64."""
    assert isinstance(value, memoryview)
    return value
