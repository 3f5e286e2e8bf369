"""Watches as readers of the store's log.

A watch holds no events, only how far it has come; when something in its range is published it wakes and reads on from
there. A slow one so costs nothing but its place, and is ended when compaction overtakes it.
"""

import asyncio
from collections.abc import Callable

from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore, covers
from rootspan_apiserver.embedded_etcd.records import Record
from rootspan_apiserver.embedded_etcd.requests import WatchCreate

REVISIONS_PER_ANSWER = 1000


class Watch:
    """One watch; `next` gives the lines of its answer."""

    def __init__(self, hub: "Watches", request: WatchCreate) -> None:
        self._hub = hub
        self._request = request
        self._wake = asyncio.Event()
        self._closed = False
        self._created = False
        self._created_at = hub.published
        self.position = request.start_revision or hub.published + 1
        self.progress_due = False

    @property
    def wants_progress(self) -> bool:
        return self._request.progress_notify

    def wake(self) -> None:
        self._wake.set()

    def concerns(self, records: tuple[Record, ...]) -> bool:
        request = self._request
        return any(covers(request.key, request.range_end, record.key) for record in records)

    def close(self) -> None:
        self._closed = True
        self._wake.set()
        self._hub.remove(self)

    async def next(self) -> bytes | None:
        """Return the next line, None when there will be none."""
        while not self._closed:
            line = self._line()
            if line is not None:
                return line
            self._wake.clear()
            await self._wake.wait()
        return None

    def _line(self) -> bytes | None:
        hub, request = self._hub, self._request
        if not self._created:
            self._created = True
            if request.range_end and request.range_end != b"\0" and request.range_end <= request.key:
                self.close()
                reason = (
                    b',"watch_id":"-1","created":true,"canceled":true,"cancel_reason":"mvcc: watcher range is empty"'
                )
                return self._result(self._created_at, reason)
            return self._result(self._created_at, b',"created":true')
        if self.position < max(hub.compacted, 1):
            self.close()
            return self._result(0, b',"canceled":true,"compact_revision":"%d"' % hub.compacted)
        while self.position <= hub.published:
            stop = min(hub.published + 1, self.position + REVISIONS_PER_ANSWER)
            events = hub.events(self.position, stop, request)
            self.position = stop
            if events:
                self.progress_due = False
                return self._result(hub.published, b',"events":[%b]' % b",".join(events))
        if self.progress_due:
            self.progress_due = False
            return self._result(hub.published, b"")
        return None

    def _result(self, revision: int, members: bytes) -> bytes:
        if self._request.watch_id and b'"watch_id"' not in members:
            members = b',"watch_id":"%d"%b' % (self._request.watch_id, members)
        return b'{"result":{%b%b}}\n' % (self._hub.header(revision), members)


class Watches:
    """All watches, and up to which revision they may see.

    etcd tells an idle watch that asked for it every so often how far it has come. Here it gets that `after` seconds after
    something was published outside its range, and every `interval` seconds in any case.
    """

    def __init__(
        self, store: MVCCStore, header: Callable[[int], bytes], *, interval: float = 5.0, after: float = 0.1
    ) -> None:
        self._store = store
        self.header = header
        self.published = store.revision
        self._interval = interval
        self._after = after
        self._watches: set[Watch] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.TimerHandle | None = None

    @property
    def compacted(self) -> int:
        return self._store.compacted

    def open(self, request: WatchCreate) -> Watch:
        watch = Watch(self, request)
        self._watches.add(watch)
        if watch.wants_progress and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._every_interval)
        return watch

    def remove(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def close(self) -> None:
        for timer in (self._timer, self._soon):
            if timer is not None:
                timer.cancel()
        for watch in list(self._watches):
            watch.close()

    def publish(self, revision: int) -> None:
        """Everything up to `revision` may be seen from now on."""
        first = self.published + 1
        if revision < first:
            return
        self.published = revision
        if not self._watches:
            return
        for number, records in enumerate(self._store.changes(first, revision + 1), first):
            for watch in self._watches:
                if watch.concerns(records):
                    watch.wake()
                elif watch.position == number:
                    watch.position = number + 1
                    if watch.wants_progress:
                        watch.progress_due = True
        if self._soon is None and any(watch.progress_due for watch in self._watches):
            self._soon = asyncio.get_running_loop().call_later(self._after, self._tell_progress)

    def compact(self) -> None:
        """Wake the watches that are behind what is left of the log."""
        for watch in self._watches:
            if watch.position < self.compacted:
                watch.wake()

    def _tell_progress(self) -> None:
        self._soon = None
        for watch in self._watches:
            if watch.progress_due:
                watch.wake()

    def _every_interval(self) -> None:
        self._timer = None
        for watch in self._watches:
            if watch.wants_progress:
                watch.progress_due = True
                watch.wake()
        if any(watch.wants_progress for watch in self._watches):
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._every_interval)

    def events(self, start: int, stop: int, request: WatchCreate) -> list[bytes]:
        """Return the JSON of the events of a range from revision `start` up to and without `stop`."""
        return [
            self._event(record, request.prev_kv)
            for records in self._store.changes(start, stop)
            for record in records
            if covers(request.key, request.range_end, record.key)
        ]

    def _event(self, record: Record, prev_kv: bool) -> bytes:
        previous = self._store.before(record) if prev_kv else None
        return b'{%b"kv":%b%b}' % (
            b"" if record.live else b'"type":"DELETE",',
            record.document,
            b',"prev_kv":' + previous.document if previous is not None else b"",
        )
