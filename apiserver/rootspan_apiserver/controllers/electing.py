"""The controllers of a server of several processes, of which the elected one runs them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context

from rootspan_apiserver.controllers.running import Settled
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.processes.membership import GroupMember

logger = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds until controllers that could not be started are started again."""


@contextlib.asynccontextmanager
async def once_elected(
    member: GroupMember, controllers: Callable[[], AbstractAsyncContextManager[Settled]]
) -> AsyncIterator[Settled]:
    """Run `controllers()` while the block runs, from the time on at which this process is elected.

    A process that is elected at the start runs them before the block is entered, so that the others find what they create.

    Yields:
        The function that the controllers yield; in a process that is not elected at the start, one that returns at once.
    """
    if member.elected.is_set():
        async with controllers() as settled:
            yield settled
        return

    async def settled_elsewhere() -> None:
        return

    task = asyncio.create_task(_run(member, controllers), name="once-elected", context=Context())
    try:
        yield settled_elsewhere
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(member: GroupMember, controllers: Callable[[], AbstractAsyncContextManager[Settled]]) -> None:
    await member.elected.wait()
    while True:
        try:
            async with controllers():
                logger.info("the controllers run in this process now")
                await asyncio.Event().wait()
        except StatusError as exc:
            logger.warning("the controllers could not be started: %s", exc.message)
            await asyncio.sleep(PAUSE)
