"""The entries of a journal, and their bytes.

A record is kept as the JSON that is sent of it, behind its numbers, so that neither writing nor reading a journal encodes a value.
"""

import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from rootspan_apiserver.embedded_etcd.records import Record

_NUMBERS = struct.Struct("<QQQQII")
_LEASE = struct.Struct("<QQ")
_REVISION = struct.Struct("<Q")


class EntryKind(IntEnum):
    """What an entry adds or removes."""

    RECORDS = 1
    LEASE_GRANTED = 2
    LEASE_REVOKED = 3
    COMPACTED = 4


class JournalEntry(NamedTuple):
    """The records of one revision, a lease, or a compaction; it is stored as a whole or not at all."""

    kind: EntryKind
    payload: bytes


def records_written(records: Sequence[Record]) -> JournalEntry:
    """Return the entry that adds the records of one revision."""
    return JournalEntry(EntryKind.RECORDS, b"".join(map(_record, records)))


def lease_granted(lease: int, ttl: int) -> JournalEntry:
    """Return the entry that adds a lease; `ttl` in seconds."""
    return JournalEntry(EntryKind.LEASE_GRANTED, _LEASE.pack(lease, ttl))


def lease_revoked(lease: int) -> JournalEntry:
    """Return the entry that removes a lease; its keys are deleted by another entry."""
    return JournalEntry(EntryKind.LEASE_REVOKED, _REVISION.pack(lease))


def compacted_at(revision: int) -> JournalEntry:
    """Return the entry that removes the records that were replaced before `revision`."""
    return JournalEntry(EntryKind.COMPACTED, _REVISION.pack(revision))


def read_records(payload: memoryview) -> Iterator[Record]:
    """Yield the records of an entry. Raises struct.error if the bytes are too few."""
    start = 0
    while start < len(payload):
        create_revision, mod_revision, version, lease, key, document = _NUMBERS.unpack_from(payload, start)
        first = start + _NUMBERS.size
        start = first + key + document
        yield Record(
            key=bytes(payload[first : first + key]),
            create_revision=create_revision,
            mod_revision=mod_revision,
            version=version,
            lease=lease,
            document=bytes(payload[first + key : start]),
        )


def read_keys(payload: memoryview) -> Iterator[tuple[bytes, int, bool]]:
    """Yield the key, the revision and whether it is live of each record of an entry."""
    start = 0
    while start < len(payload):
        _, revision, version, _, key, document = _NUMBERS.unpack_from(payload, start)
        first = start + _NUMBERS.size
        start = first + key + document
        yield bytes(payload[first : first + key]), revision, version != 0


def read_lease(payload: memoryview) -> tuple[int, int]:
    """Return the id and the time to live of a lease that was granted."""
    lease, ttl = _LEASE.unpack(payload)
    return lease, ttl


def read_number(payload: memoryview) -> int:
    """Return the lease that was revoked, or the revision of a compaction."""
    (number,) = _REVISION.unpack(payload)
    return int(number)


def _record(record: Record) -> bytes:
    numbers = record.create_revision, record.mod_revision, record.version, record.lease
    return b"%b%b%b" % (
        _NUMBERS.pack(*numbers, len(record.key), len(record.document)),
        record.key,
        record.document,
    )
