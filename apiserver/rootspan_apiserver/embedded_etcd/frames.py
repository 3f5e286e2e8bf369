"""Frames: the units in which a journal is written, each with a checksum over all of its bytes.

A frame contains one entry and the number of its commit, which all frames of one fsync have in common: a damaged frame that frames of a
later commit follow had been acknowledged, a damaged frame of the last commit need not have been.
"""

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple
from zlib import crc32

from rootspan_apiserver.embedded_etcd.journal_entries import EntryKind, JournalEntry

MAGIC = b"\xf5ef\n"
_START = struct.Struct("<4sI")
_REST = struct.Struct("<IBQ")
HEADER_SIZE = _START.size + _REST.size
_KINDS = {int(kind): kind for kind in EntryKind}

Bytes = bytes | mmap


class Frame(NamedTuple):
    """A frame of a file, from byte `start` up to and without `end`."""

    kind: EntryKind
    commit: int
    start: int
    end: int
    payload: memoryview


def encode_frame(change: JournalEntry, commit: int) -> bytes:
    """Return the bytes of a frame."""
    rest = _REST.pack(len(change.payload), change.kind, commit)
    return b"%b%b%b" % (_START.pack(MAGIC, crc32(change.payload, crc32(rest))), rest, change.payload)


def frame_at(data: memoryview, start: int) -> Frame | None:
    """Return the frame that begins at byte `start`, None if no sound one does."""
    first = start + HEADER_SIZE
    if first > len(data):
        return None
    magic, checksum = _START.unpack_from(data, start)
    if magic != MAGIC:
        return None
    length, kind, commit = _REST.unpack_from(data, start + _START.size)
    end = first + length
    if end > len(data) or kind not in _KINDS:
        return None
    payload = data[first:end]
    if crc32(payload, crc32(data[start + _START.size : first])) != checksum:
        return None
    return Frame(_KINDS[kind], commit, start, end, payload)


def sound_frames(source: Bytes, data: memoryview, start: int) -> Iterator[Frame]:
    """Yield every sound frame from byte `start` on, whatever is between them; `data` is a view of `source`."""
    while start >= 0:
        frame = frame_at(data, start)
        if frame is not None:
            yield frame
            start = frame.end
        else:
            start = source.find(MAGIC, start + 1)
