"""A watch that outlives its connections.

etcd's stream ends with its member, and does not end when etcd cancels the watch. This one is opened again, at any
endpoint, right behind the last revision it has seen, so that no event is lost or seen twice.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import orjson

from rootspan_apiserver.etcd.endpoints import FIRST_PAUSE, LONGEST_PAUSE, Endpoints, Stream
from rootspan_apiserver.etcd.errors import Unavailable
from rootspan_apiserver.etcd.values import WatchBatch
from rootspan_apiserver.etcd.wire import WATCH, watch_batch, watch_request


async def follow(
    endpoints: Endpoints, key: bytes, range_end: bytes, start_revision: int, *, prev_kv: bool, progress_notify: bool
) -> AsyncGenerator[WatchBatch]:
    """Yield the changes of a range from `start_revision` on, without end, over any endpoint."""
    position = start_revision
    pause = FIRST_PAUSE
    while True:
        index = endpoints.current
        body = watch_request(key, range_end, position, prev_kv, progress_notify)
        try:
            stream = await endpoints.open(index, WATCH, body)
            try:
                async with aclosing(_documents(stream)) as documents:
                    async for document in documents:
                        batch = watch_batch(document, position)
                        position = max(position, batch.revision + 1)
                        pause = FIRST_PAUSE
                        yield batch
            finally:
                await stream.aclose()
        except (httpx.TransportError, Unavailable):
            pass
        endpoints.leave(index)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _documents(stream: Stream) -> AsyncGenerator[dict[str, Any]]:
    assert isinstance(stream.response.stream, httpx.AsyncByteStream)
    parts: list[bytes] = []
    async for chunk in stream.response.stream:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            parts.append(line)
            yield orjson.loads(b"".join(parts))
            parts.clear()
        if rest:
            parts.append(rest)
