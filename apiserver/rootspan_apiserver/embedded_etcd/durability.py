"""When a change counts.

In memory it does at once. On disk it does when the journal has it; until then nobody sees it, neither by a range nor
by a watch. Changes that come while the journal writes wait for each other and go into the next commit together.

A journal that fails leaves the store ahead of the disk, so no change is taken any more until a restart; ranges go on.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .errors import INTERNAL, RESOURCE_EXHAUSTED, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .journal import Journal, Statement

logger = logging.getLogger(__name__)


class GroupCommit:
    """`publish` is called with each revision up to which everything has become durable."""

    def __init__(self, journal: Journal, publish: Callable[[int], None]) -> None:
        self._journal = journal
        self._publish = publish
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="etcd-journal")
        self._statements: list[Statement] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._revision = 0
        self._writer: asyncio.Task[None] | None = None
        self._failure: GatewayError | None = None

    def check(self) -> None:
        """Raises GatewayError once the journal has failed."""
        if self._failure is not None:
            raise _again(self._failure)

    def add(self, statement: Statement, revision: int) -> None:
        """Have `statement` written; the store is at `revision` with it."""
        self._statements.append(statement)
        self._revision = revision
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    @property
    def idle(self) -> bool:
        return self._writer is None

    async def durable(self) -> None:
        """Return when all that has been added is on disk.

        Raises:
            GatewayError: it could not be written.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._statements or self._waiting:
            statements, waiting, revision = self._statements, self._waiting, self._revision
            self._statements, self._waiting = [], []
            try:
                if statements:
                    self.check()
                    await loop.run_in_executor(self._thread, self._journal.commit, statements)
            except GatewayError as exc:
                self._failure = exc
            except Exception as exc:
                logger.exception("The embedded etcd takes no more writes, its journal failed")
                self._failure = _translated(exc)
            if self._failure is None:
                self._publish(revision)
            for waiter in waiting:
                if waiter.done():
                    continue
                if self._failure is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(_again(self._failure))
        self._writer = None

    async def aclose(self) -> None:
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._journal.close()


def _again(failure: GatewayError) -> GatewayError:
    return GatewayError(failure.code, failure.message)


def _translated(exc: Exception) -> GatewayError:
    if isinstance(exc, sqlite3.Error) and exc.sqlite_errorname == "SQLITE_FULL":
        return GatewayError(RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")
    return GatewayError(INTERNAL, f"etcdserver: the journal failed: {exc}")
