"""The file of a journal: two sectors of numbers, the frames, and zeros that are reserved for more.

The first sector is the preamble. The second is the mark, the end of what has been acknowledged: it is written after each fsync, before the
answers, and reaches the disk with the next fsync. What is missing or damaged before the mark is therefore lost data. What is damaged
after it is an unfinished write, which was not acknowledged, unless frames follow that are more than one commit later.
"""

import os
import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from zlib import crc32

from rootspan_apiserver.embedded_etcd.frames import Bytes, Frame, frame_at, sound_frames
from rootspan_apiserver.processes.private_files import private_opener

NAME = "etcd.journal"
OLD_NAME = "etcd.sqlite3"
"""The file of the format before this one."""
FIRST_FRAME = 4096
MARK_AT = 512
COPY_AT = 1024
"""Where the preamble is a second time, for a repair."""
VERSION = 1
_MAGIC = b"rsetcd\r\n"
_PREAMBLE = struct.Struct("<8sIQQQQ")
_MARK = struct.Struct("<QQQ")
_CHECKSUM = struct.Struct("<I")


class JournalError(ValueError):
    """Why a file cannot be taken for the journal that it was; a predicate, whose subject is the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """What does not change as long as the file is the same.

    Attributes:
        compacted: The revision at which the frames before `base` had been compacted.
        base: The byte at which the frames end that were in the file when it was made.
    """

    cluster_id: int
    member_id: int
    compacted: int = 0
    base: int = FIRST_FRAME

    @classmethod
    def new(cls) -> Self:
        return cls(cluster_id=identity(), member_id=identity())

    def packed(self) -> bytes:
        fields = (VERSION, self.cluster_id, self.member_id, self.compacted, self.base)
        return _checked(_PREAMBLE.pack(_MAGIC, *fields))


@dataclass(frozen=True, slots=True)
class Mark:
    """The byte, the commit and the revision up to which the journal has been acknowledged."""

    end: int = FIRST_FRAME
    commit: int = 0
    revision: int = 0

    def packed(self) -> bytes:
        return _checked(_MARK.pack(self.end, self.commit, self.revision))


def identity() -> int:
    """Return a random id of a cluster or member."""
    return random.getrandbits(62) | 1


def header(preamble: Preamble, mark: Mark) -> bytes:
    """Return the bytes before the first frame."""
    page = preamble.packed().ljust(MARK_AT, b"\0") + mark.packed()
    return (page.ljust(COPY_AT, b"\0") + preamble.packed()).ljust(FIRST_FRAME, b"\0")


def read_preamble(data: Bytes) -> Preamble:
    """Raises JournalError unless the file begins with a sound one."""
    if not len(data):
        raise JournalError("is empty")
    if not data[:FIRST_FRAME].strip(b"\0"):
        raise JournalError("begins with zeros where its header was")
    if data[: len(_MAGIC)] != _MAGIC and frame_at(memoryview(data), FIRST_FRAME) is None:
        raise JournalError("is not a journal of the embedded etcd")
    return _preamble(data, 0)


def copied_preamble(data: Bytes) -> Preamble:
    """Return the second preamble. Raises JournalError unless it is sound."""
    return _preamble(data, COPY_AT)


def _preamble(data: Bytes, start: int) -> Preamble:
    fields = _unchecked(data[start : start + _PREAMBLE.size + _CHECKSUM.size])
    if fields is None:
        raise JournalError("is damaged in its header")
    _, version, cluster_id, member_id, compacted, base = _PREAMBLE.unpack(fields)
    if version != VERSION:
        raise JournalError(f"was written by another version of the embedded etcd, in format {version}")
    return Preamble(cluster_id=cluster_id, member_id=member_id, compacted=compacted, base=base)


def read_mark(data: Bytes) -> Mark:
    """Raises JournalError unless the file has a sound one."""
    fields = _unchecked(data[MARK_AT : MARK_AT + _MARK.size + _CHECKSUM.size])
    if fields is None:
        raise JournalError("is damaged in the sector that says how far it was written")
    return Mark(*_MARK.unpack(fields))


class JournalReader:
    """Reads a journal from its first frame to its last, and tells damage from the end.

    Raises:
        JournalError: Something that had been acknowledged is missing or unsound; also while it is iterated over.
    """

    def __init__(self, data: Bytes) -> None:
        self.preamble = read_preamble(data)
        self.mark = read_mark(data)
        if len(data) < self.mark.end:
            raise JournalError(f"was cut: it has {len(data)} bytes, and had at least {self.mark.end}")
        self._data = data
        self.end = FIRST_FRAME
        """Where the last sound frame ends, which is known once all have been read."""
        self.commit = 0
        """The commit of the last frame."""
        self.torn = 0
        """The bytes of an unfinished write behind the last frame."""

    def __iter__(self) -> Iterator[Frame]:
        view = memoryview(self._data)
        marked = self.mark.end == FIRST_FRAME
        while (frame := frame_at(view, self.end)) is not None:
            if self.end > self.preamble.base and not 0 <= frame.commit - self.commit <= 1:
                raise JournalError(f"is damaged at byte {self.end}: commit {frame.commit} follows {self.commit}")
            self.end, self.commit = frame.end, frame.commit
            marked = marked or self.mark.end == self.end
            yield frame
        self._check_tail(view, marked)

    def _check_tail(self, view: memoryview, marked: bool) -> None:
        if not marked:
            raise JournalError(f"is damaged at byte {self.end}; it had been written up to byte {self.mark.end}")
        self.commit = max(self.commit, self.mark.commit)
        rest = self._data[self.end :].rstrip(b"\0")
        for frame in sound_frames(self._data, view, self.end) if rest else ():
            if frame.commit > self.commit + 1:
                raise JournalError(f"is damaged at byte {self.end}; there are sound writes from byte {frame.start} on")
        self.torn = len(rest)


def write_journal(path: Path, preamble: Preamble, frames: Iterable[Bytes], *, commit: int, revision: int) -> None:
    """Write a new file, durably; `commit` and `revision` are the last of the frames. Raises OSError."""
    with open(path, "wb", opener=private_opener) as stream:
        stream.write(header(preamble, Mark()))
        stream.writelines(frames)
        end = stream.tell()
        stream.seek(0)
        stream.write(header(replace(preamble, base=end), Mark(end, commit, revision)))
        stream.flush()
        os.fsync(stream.fileno())


def _checked(fields: bytes) -> bytes:
    return fields + _CHECKSUM.pack(crc32(fields))


def _unchecked(found: bytes) -> bytes | None:
    """Return the fields before a checksum that is right."""
    fields, checksum = found[: -_CHECKSUM.size], found[-_CHECKSUM.size :]
    return fields if len(fields) and checksum == _CHECKSUM.pack(crc32(fields)) else None
