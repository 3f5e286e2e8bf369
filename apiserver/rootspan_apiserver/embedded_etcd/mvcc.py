"""Every key at every revision, as etcd keeps them.

The store counts revisions from 1 (empty); each transaction that changes something makes one more. Of each key it keeps
all records since the last compaction and the one before; of each revision, the records it made, for watches. What is
live now is kept sorted besides, so that counting a range takes no walk through it.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from rootspan_apiserver.embedded_etcd.errors import compacted, future_revision
from rootspan_apiserver.embedded_etcd.records import Record, deleted, written

TO_THE_LAST_KEY = b"\0"
EMPTY_REVISION = 1

_mod_revision = attrgetter("mod_revision")


def covers(key: bytes, range_end: bytes, candidate: bytes) -> bool:
    """Return whether `candidate` is in the range, in etcd's way of writing one."""
    if not range_end:
        return candidate == key
    return candidate >= key and (range_end == TO_THE_LAST_KEY or candidate < range_end)


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction has taken away: records key by key, and log; and what was `compacted` before it."""

    gone: list[Record]
    log: list[tuple[Record, ...]]
    compacted: int


class MVCCStore:
    """The keys, at every revision since the last compaction."""

    def __init__(self, records: Iterable[Record] = (), compacted: int = 0) -> None:
        """`records` in the order in which they were made: all since `compacted`, and of each key the last one before.

        Raises:
            ValueError: they are not in order.
        """
        self.revision = max(EMPTY_REVISION, compacted)
        self.compacted = compacted
        self._first = self.revision
        self._log: list[tuple[Record, ...]] = [()]
        self._pending: list[Record] = []
        self._live: dict[bytes, Record] = {}
        self._live_keys: list[bytes] = []
        self._history: dict[bytes, list[Record]] = {}
        self._keys: list[bytes] = []
        for record in records:
            self._restore(record)
        self._keys = sorted(self._history)
        self._live_keys = sorted(self._live)

    def _restore(self, record: Record) -> None:
        revision = record.mod_revision
        if revision >= self._first:
            if not 0 <= revision - self.revision <= 1:
                raise ValueError(f"revision {revision} follows {self.revision}")
            if revision - self._first == len(self._log):
                self._log.append(())
            self._log[-1] += (record,)
            self.revision = revision
        self._history.setdefault(record.key, []).append(record)
        if record.live:
            self._live[record.key] = record
        else:
            self._live.pop(record.key, None)

    @property
    def writing(self) -> int:
        """The revision that an operation inside a transaction sees."""
        return self.revision + 1 if self._pending else self.revision

    def get(self, key: bytes) -> Record | None:
        return self._live.get(key)

    def range(self, key: bytes, range_end: bytes, revision: int, limit: int) -> tuple[list[Record], int]:
        """Return the records of the range at `revision`, at most `limit` (0: all), and how many there are.

        Revision 0, or less, is the one being written.

        Raises:
            GatewayError: `revision` has been compacted, or is yet to come.
        """
        if revision > 0 and revision != self.writing:
            return self._range_at(key, range_end, self._kept(revision), limit)
        if not range_end:
            record = self._live.get(key)
            return ([record], 1) if record is not None else ([], 0)
        low, high = _bounds(self._live_keys, key, range_end)
        stop = min(high, low + limit) if limit > 0 else high
        live = self._live
        return [live[k] for k in self._live_keys[low:stop]], max(high - low, 0)

    def _range_at(self, key: bytes, range_end: bytes, revision: int, limit: int) -> tuple[list[Record], int]:
        if range_end:
            low, high = _bounds(self._keys, key, range_end)
            keys: Sequence[bytes] = self._keys[low:high]
        else:
            keys = [key] if key in self._history else []
        records = [record for k in keys if (record := self._at(k, revision)) is not None and record.live]
        return records[:limit] if limit > 0 else records, len(records)

    def _kept(self, revision: int) -> int:
        if revision > self.writing:
            raise future_revision()
        if revision < self.compacted:
            raise compacted()
        return revision

    def _at(self, key: bytes, revision: int) -> Record | None:
        records = self._history[key]
        index = bisect_right(records, revision, key=_mod_revision)
        return records[index - 1] if index else None

    def before(self, record: Record) -> Record | None:
        """Return what `record` took the place of, if that was live and is still known."""
        if record.key not in self._history:
            return None
        previous = self._at(record.key, record.mod_revision - 1)
        return previous if previous is not None and previous.live else None

    def put(self, key: bytes, value: bytes, lease: int) -> Record:
        previous = self._live.get(key)
        revision = self.revision + 1
        record = written(
            key,
            value,
            create_revision=previous.create_revision if previous else revision,
            mod_revision=revision,
            version=previous.version + 1 if previous else 1,
            lease=lease,
        )
        if previous is None:
            insort(self._live_keys, key)
        self._live[key] = record
        self._add(record)
        return record

    def delete(self, key: bytes) -> None:
        del self._live[key]
        del self._live_keys[bisect_left(self._live_keys, key)]
        self._add(deleted(key, mod_revision=self.revision + 1))

    def _add(self, record: Record) -> None:
        history = self._history.get(record.key)
        if history is None:
            insort(self._keys, record.key)
            self._history[record.key] = [record]
        else:
            history.append(record)
        self._pending.append(record)

    def commit(self) -> tuple[Record, ...]:
        """End the transaction: what it changed, under a revision of its own if there is anything."""
        if not self._pending:
            return ()
        records = tuple(self._pending)
        self._pending.clear()
        self.revision += 1
        self._log.append(records)
        return records

    def undo(self) -> list[tuple[Record, Record | None]]:
        """Take the last revision back: its records, last first, each with the live record that takes its place again."""
        self.revision -= 1
        undone: list[tuple[Record, Record | None]] = []
        for record in reversed(self._log.pop()):
            history = self._history[record.key]
            history.pop()
            previous = history[-1] if history and history[-1].live else None
            if not history:
                del self._history[record.key]
                del self._keys[bisect_left(self._keys, record.key)]
            if record.live and previous is None:
                del self._live_keys[bisect_left(self._live_keys, record.key)]
            elif previous is not None and not record.live:
                insort(self._live_keys, record.key)
            if previous is None:
                self._live.pop(record.key, None)
            else:
                self._live[record.key] = previous
            undone.append((record, previous))
        return undone

    def changes(self, start: int, stop: int) -> list[tuple[Record, ...]]:
        """Return the records of each revision from `start` up to and without `stop`; none may have been compacted."""
        return self._log[start - self._first : stop - self._first]

    def compact(self, revision: int) -> Compaction:
        """Remove the records that were replaced before `revision`, and return what was removed.

        Raises:
            GatewayError: `revision` has been compacted already, or is yet to come.
        """
        if revision <= self.compacted:
            raise compacted()
        self._kept(revision)
        touched = {record.key for records in self.changes(self._first, revision + 1) for record in records}
        gone: list[Record] = []
        for key in touched:
            gone += self._compact_key(key, revision)
        behind = revision - self._first
        compaction = Compaction(gone, self._log[:behind], self.compacted)
        del self._log[:behind]
        self._first = self.compacted = revision
        return compaction

    def undo_compaction(self, compaction: Compaction) -> None:
        """Remember what the last compaction has forgotten."""
        self._log[:0] = compaction.log
        self._first -= len(compaction.log)
        self.compacted = compaction.compacted
        for key, records in groupby(compaction.gone, attrgetter("key")):
            history = self._history.get(key)
            if history is None:
                insort(self._keys, key)
                self._history[key] = list(records)
            else:
                history[:0] = records

    def _compact_key(self, key: bytes, revision: int) -> list[Record]:
        records = self._history[key]
        keep = bisect_right(records, revision, key=_mod_revision) - 1
        if not records[keep].live and records[keep].mod_revision < revision:
            keep += 1
        gone = records[:keep]
        del records[:keep]
        if not records:
            del self._history[key]
            del self._keys[bisect_left(self._keys, key)]
        return gone


def _bounds(keys: list[bytes], key: bytes, range_end: bytes) -> tuple[int, int]:
    low = bisect_left(keys, key)
    return low, len(keys) if range_end == TO_THE_LAST_KEY else bisect_left(keys, range_end)
