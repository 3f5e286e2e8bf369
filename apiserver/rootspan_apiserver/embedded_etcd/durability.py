"""When a change counts.

In memory it does at once. On disk it does when the journal has it; until then it is visible to no range and
to no watch. Changes that come while the journal writes wait for each other and go into the next commit together.

When a commit fails the journal has none of it. The store, which is ahead, is brought back: what was to be committed is
undone, and so is what has been built on it since, the last change first. The requests that wait for any of it are refused, and
the next change is tried like any other. So a disk that was full is written to again as soon as it has space, and what is
in memory is at any time what is on disk and the changes that are under way. (etcd itself ends when it cannot write.)
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rootspan_apiserver.embedded_etcd.errors import ABORTED, RESOURCE_EXHAUSTED, GatewayError
from rootspan_apiserver.embedded_etcd.journal import Journal
from rootspan_apiserver.embedded_etcd.journal_entries import JournalEntry
from rootspan_apiserver.embedded_etcd.journal_file import JournalError
from rootspan_apiserver.embedded_etcd.requests import MAX_REQUEST_BYTES
from rootspan_apiserver.embedded_etcd.rewriting import Rewriting

logger = logging.getLogger(__name__)

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The disk, the quota of the user, or the limit of the process for the size of a file is exhausted."""


class GroupCommit:
    """`publish` is called with each revision up to which everything has become durable."""

    def __init__(self, journal: Journal, publish: Callable[[int], None]) -> None:
        self._journal = journal
        self._publish = publish
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="etcd-journal")
        self._changes: list[tuple[Sequence[JournalEntry], Callable[[], object]]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._revision = 0
        self._writer: asyncio.Task[None] | None = None
        self._rewriting: tuple[Rewriting, asyncio.Task[None]] | None = None
        self._failed = 0
        """Bytes of the largest commit that failed and has not been made up for, 0 if there is none."""

    def add(self, changes: Sequence[JournalEntry], revision: int, undo: Callable[[], object]) -> None:
        """Have `changes` written; the store is at `revision` with them, and after `undo` as it was before."""
        self._changes.append((changes, undo))
        self._revision = revision
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    @property
    def idle(self) -> bool:
        return self._writer is None

    async def durable(self) -> None:
        """Return when all that has been added is on disk.

        Raises:
            GatewayError: it could not be written and has been undone.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def check(self) -> None:
        """Return if the journal can be written, which is found out by writing if the last commit failed.

        Raises:
            GatewayError: it cannot be written.
        """
        if self._failed:
            try:
                await self._in_turn(self._journal.probe, self._failed)
            except OSError as exc:
                raise _translated(exc) from exc
            self._succeeded(self._failed)

    async def _write(self) -> None:
        while self._changes or self._waiting:
            changes, waiting, revision = self._changes, self._waiting, self._revision
            self._changes, self._waiting = [], []
            try:
                if changes:
                    await self._commit([change for group, _ in changes for change in group], revision)
                    self._publish(revision)
            except GatewayError as exc:
                failure: GatewayError | None = exc
                for _, undo in reversed(changes + self._changes):
                    undo()
                waiting += self._waiting
                self._changes, self._waiting = [], []
            else:
                failure = None
            for waiter in waiting:
                if waiter.done():
                    continue
                if failure is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(GatewayError(failure.code, failure.message))
        self._writer = None

    async def _commit(self, changes: Sequence[JournalEntry], revision: int) -> None:
        size = min(sum(len(change.payload) for change in changes), MAX_REQUEST_BYTES)
        try:
            await self._in_turn(self._journal.commit, changes, revision)
        except Exception as exc:
            if not self._failed:
                logger.error("The embedded etcd cannot write: %s", exc, exc_info=not isinstance(exc, OSError))
            self._failed = max(self._failed, size, 1)
            raise _translated(exc) from exc
        self._succeeded(size)

    def _succeeded(self, size: int) -> None:
        if self._failed and size >= self._failed:  # less may have found space where what failed finds none
            self._failed = 0
            logger.warning("The embedded etcd can write again")

    def compacted(self) -> None:
        """Something that is in the journal is not needed any more: free its place, if that is much."""
        if self._rewriting is None and Rewriting.pays(self._journal):
            rewriting = Rewriting(self._journal)
            self._rewriting = rewriting, asyncio.get_running_loop().create_task(self._rewrite(rewriting))

    async def _rewrite(self, rewriting: Rewriting) -> None:
        try:
            await self._in_turn(rewriting.begin)
            await asyncio.to_thread(rewriting.write)
            await self._in_turn(rewriting.finish)
        except (OSError, JournalError) as exc:
            logger.warning("The journal of the embedded etcd keeps what is compacted for now: %s", exc)
            rewriting.discard()
        self._rewriting = None

    async def _in_turn(self, function: Callable[..., None], *arguments: object) -> None:
        """Call a function of the journal when no other is running."""
        await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def aclose(self) -> None:
        if self._rewriting is not None:
            rewriting, task = self._rewriting
            rewriting.abandon()
            await task
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._journal.close()


def _translated(exc: Exception) -> GatewayError:
    if isinstance(exc, OSError) and exc.errno in NO_SPACE:
        return GatewayError(RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")
    reason = exc.strerror if isinstance(exc, OSError) else exc
    return GatewayError(ABORTED, f"etcdserver: the journal failed: {reason}")
