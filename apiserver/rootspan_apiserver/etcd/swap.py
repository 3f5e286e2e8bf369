"""Compare-and-swap, carried out at most once although answers get lost.

When the outcome of a swap is unknown, three cases have to be distinguished: it was carried out, it was not, and it is
still on its way (in the buffer of a member that is paused, in a proposal that a member passes on to the next leader)
and will be carried out minutes later. What can be known depends on the `mod_revision` that the swap compares with.

**A revision above 0** never comes again: every write gives the key a new one, a deletion leaves it with 0. So of any
number of copies of the swap at most one succeeds, none once the key has been written, and the one that does is the
*first* change of the key after that revision.

* The key still has that revision: nothing has happened yet, and the swap may be sent again.
* The first change is another than the swap makes: it was not carried out and cannot be any more. It has lost, as if
  etcd had said so.
* The first change is the very one that the swap makes: it is ours, or that of another client which began with the same object
  and made the same of it (two clients that add one to a counter). Nothing in etcd tells whose, so the outcome is unknown.

**Revision 0**, no such key, comes again with every deletion. A copy that is sent again may succeed after the first one
has succeeded and its key has been deleted, and a copy that is late may do so at any time; a deleted object would
return. So a creation is never sent again. The caller may find its own identity in what stands under the key.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, where each of these cases is an error for the client
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from rootspan_apiserver.etcd import wire
from rootspan_apiserver.etcd.endpoints import FIRST_PAUSE, LONGEST_PAUSE, Endpoints
from rootspan_apiserver.etcd.errors import EtcdError, OutcomeUnknown
from rootspan_apiserver.etcd.values import EtcdEvent, RangeResult, TxnResult
from rootspan_apiserver.etcd.watch import follow

READ_ATTEMPT = 5
REPEATABLE_ATTEMPT = 1
"""Seconds for a write for which another member may be asked when one is silent."""
CREATE_ATTEMPT = 3
"""Seconds for a creation where there are other members: more than an election takes, in which a write can get lost."""
ALONE_ATTEMPT = 7
"""Seconds where there is no other member: as long as etcd itself holds on to a write."""


async def swap(
    endpoints: Endpoints, key: bytes, body: bytes, *, mod_revision: int, makes: Callable[[EtcdEvent], bool]
) -> TxnResult:
    """Send the transaction `body`, which compares `key` with `mod_revision`; `makes` knows the change that it makes.

    Raises:
        OutcomeUnknown: it may or may not have been carried out, or, with `mod_revision` 0, may be yet.
        EtcdError: it was not carried out.
    """
    attempt = ALONE_ATTEMPT
    if endpoints.several:
        attempt = REPEATABLE_ATTEMPT if mod_revision else CREATE_ATTEMPT
    try:
        return await _send(endpoints, body, attempt)
    except OutcomeUnknown as exc:
        unknown = exc
    try:
        async with asyncio.timeout(endpoints.timeout):
            pause = FIRST_PAUSE
            while True:
                found = await _range(endpoints, key)
                unknown.current = current = found.kvs[0] if found.kvs else None
                if not mod_revision:
                    break
                if current is None or current.mod_revision != mod_revision:
                    if await _lost(endpoints, key, mod_revision, makes):
                        return TxnResult(False, found.revision, current)
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                try:
                    result = await _send(endpoints, body, attempt)
                except OutcomeUnknown:
                    continue
                if result.succeeded:
                    return result
    except (EtcdError, TimeoutError) as exc:
        raise unknown from exc
    raise unknown


async def _send(endpoints: Endpoints, body: bytes, attempt: int) -> TxnResult:
    return wire.txn_result((await endpoints.call(wire.TXN, body, attempt=attempt, once=True)).document)


async def _range(endpoints: Endpoints, key: bytes, revision: int = 0) -> RangeResult:
    body = wire.range_request(key, b"", revision=revision)
    return wire.range_result((await endpoints.call(wire.RANGE, body, attempt=READ_ATTEMPT)).document)


async def _lost(endpoints: Endpoints, key: bytes, mod_revision: int, makes: Callable[[EtcdEvent], bool]) -> bool:
    """Return whether a swap of `key`, which no longer has `mod_revision`, has certainly lost."""
    before = await _range(endpoints, key, mod_revision)
    if not before.kvs or before.kvs[0].mod_revision != mod_revision:
        return True
    changes = follow(endpoints, key, b"", mod_revision + 1, prev_kv=False, progress_notify=False)
    async with aclosing(changes):
        async for batch in changes:
            if batch.events:
                return not makes(batch.events[0])
    raise AssertionError("a watch does not end")
