"""Stores on disk, and what is in them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.embedded_etcd.journal_file import NAME
from rootspan_apiserver.etcd import EtcdClient, KeyValue

WITHIN = 30.0


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[tuple[EmbeddedEtcd, EtcdClient]]:
    """Yield the store of a directory, and a client of it that repeats nothing."""
    async with (
        asyncio.timeout(WITHIN),
        EmbeddedEtcd(directory) as embedded,
        EtcdClient([URL], transport=embedded.transport, timeout=0) as client,
    ):
        yield embedded, client


@dataclass(frozen=True, slots=True)
class Content:
    """What a store holds: its revision, and its keys and values."""

    revision: int
    kvs: tuple[KeyValue, ...]


async def content_of(client: EtcdClient) -> Content:
    found = await client.range(b"\0", b"\0")
    return Content(found.revision, found.kvs)


def content(directory: Path) -> Content:
    """Open a store, and return what it holds."""

    async def read() -> Content:
        async with opened(directory) as (_, client):
            return await content_of(client)

    return asyncio.run(read())


def store_of(directory: Path, journal: bytes) -> Path:
    """Write a journal to a directory, which is made."""
    directory.mkdir(exist_ok=True)
    (directory / NAME).write_bytes(journal)
    return directory


async def write(client: EtcdClient) -> None:
    """Write forty keys, one of them with a lease; update every third, delete every fifth; compact half-way; and write a group at once."""
    lease = await client.lease_grant(600)
    for number in range(40):
        key = b"/registry/%d" % number
        found = await client.put_if(key, b"%d" % number * 200, mod_revision=0, lease=lease if number == 38 else 0)
        if number % 3 == 0:
            found = await client.put_if(key, b"again", mod_revision=found.revision)
        if number % 5 == 0:
            found = await client.delete_if(key, mod_revision=found.revision)
        if number == 20:
            await client.compact(found.revision)
    await asyncio.gather(*[client.put_if(b"/group/%d" % each, b"x" * 3000, mod_revision=0) for each in range(8)])


async def _written(directory: Path) -> tuple[bytes, bytes]:
    async with opened(directory) as (_, client):
        await write(client)
        killed = (directory / NAME).read_bytes()
    return killed, (directory / NAME).read_bytes()


def journals(directory: Path) -> tuple[bytes, bytes]:
    """Return the journal of a store as it is when its process is killed, and when it has been closed."""
    return asyncio.run(_written(directory))


class _LogLines(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.seen = asyncio.Event()

    def emit(self, _: logging.LogRecord) -> None:
        self.seen.set()


@contextmanager
def an_error_logged(level: int = logging.ERROR) -> Iterator[asyncio.Event]:
    """Set when the embedded etcd logs an error, or something of this level."""
    logger, lines = logging.getLogger("rootspan_apiserver.embedded_etcd"), _LogLines(level)
    logger.addHandler(lines)
    try:
        yield lines.seen
    finally:
        logger.removeHandler(lines)
