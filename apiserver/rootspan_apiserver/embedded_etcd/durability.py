"""When a change counts.

In memory it does at once. On disk it does when the journal has it; until then it is visible to no range and
to no watch. Changes that come while the journal writes wait for each other and go into the next commit together.

When a commit fails the journal has none of it. The store, which is ahead, is brought back: what was to be committed is
undone, and so is what has been built on it since, the last change first. The requests that wait for any of it are refused, and
the next change is tried like any other. So a disk that was full is written to again as soon as it has space, and what is
in memory is at any time what is on disk and the changes that are under way. (etcd itself ends when it cannot write.)
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rootspan_apiserver.embedded_etcd.errors import ABORTED, RESOURCE_EXHAUSTED, GatewayError
from rootspan_apiserver.embedded_etcd.journal import Journal, Statement
from rootspan_apiserver.embedded_etcd.requests import MAX_REQUEST_BYTES

logger = logging.getLogger(__name__)


class GroupCommit:
    """`publish` is called with each revision up to which everything has become durable."""

    def __init__(self, journal: Journal, publish: Callable[[int], None]) -> None:
        self._journal = journal
        self._publish = publish
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="etcd-journal")
        self._changes: list[tuple[Sequence[Statement], Callable[[], object]]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._revision = 0
        self._writer: asyncio.Task[None] | None = None
        self._failed = 0
        """Bytes of the largest commit that failed and has not been made up for, 0 if there is none."""

    def add(self, statements: Sequence[Statement], revision: int, undo: Callable[[], object]) -> None:
        """Have `statements` written; the store is at `revision` with them, and after `undo` as it was before."""
        self._changes.append((statements, undo))
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
                await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.probe, self._failed)
            except sqlite3.Error as exc:
                raise _translated(exc) from exc
            self._succeeded(self._failed)

    async def _write(self) -> None:
        while self._changes or self._waiting:
            changes, waiting, revision = self._changes, self._waiting, self._revision
            self._changes, self._waiting = [], []
            try:
                if changes:
                    await self._commit([statement for statements, _ in changes for statement in statements])
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

    async def _commit(self, statements: Sequence[Statement]) -> None:
        size = min(sum(map(_size, statements)), MAX_REQUEST_BYTES)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.commit, statements)
        except Exception as exc:
            if not self._failed:
                logger.error("The embedded etcd cannot write: %s", exc, exc_info=not isinstance(exc, sqlite3.Error))
            self._failed = max(self._failed, size, 1)
            raise _translated(exc) from exc
        self._succeeded(size)

    def _succeeded(self, size: int) -> None:
        if self._failed and size >= self._failed:  # less may have found space where what failed finds none
            self._failed = 0
            logger.warning("The embedded etcd can write again")

    async def aclose(self) -> None:
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._journal.close()


def _size(statement: Statement) -> int:
    return sum(len(field) for row in statement[1] for field in row if isinstance(field, bytes))


def _translated(exc: Exception) -> GatewayError:
    if isinstance(exc, sqlite3.Error) and exc.sqlite_errorname == "SQLITE_FULL":
        return GatewayError(RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")
    return GatewayError(ABORTED, f"etcdserver: the journal failed: {exc}")
