"""A number of seats, and fair queues before them: one queue per flow (a user), served in turn.

A flow that sends much waits behind itself, not before others.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/queueset.go
"""

import asyncio
from collections import OrderedDict, deque


class Rejected(Exception):  # noqa: N818 - an answer, not a fault
    """No seat for this request; `reason` is `queue-full` or `time-out`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PriorityLevel:
    """Args:
    seats: how many requests execute at once.
    queue_length: how many of one flow may wait.
    """

    def __init__(self, seats: int, queue_length: int = 50) -> None:
        self._free = seats
        self._queue_length = queue_length
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, flow: str, wait: float) -> None:
        """Takes a seat, waiting at most `wait` seconds for one. Give it back by `leave`.

        Raises:
            Rejected: the flow's queue is full, or no seat came free in time.
        """
        if self._free > 0:
            self._free -= 1
            return
        queue = self._queues.setdefault(flow, deque())
        if len(queue) >= self._queue_length:
            raise Rejected("queue-full")
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(wait):
                await turn
        except BaseException as exc:
            if turn.done() and not turn.cancelled():
                self.leave()
            else:
                self._forget(flow, turn)
            if isinstance(exc, TimeoutError):
                raise Rejected("time-out") from exc
            raise

    def leave(self) -> None:
        """Gives the seat to the flow whose turn it is."""
        while self._queues:
            flow, queue = next(iter(self._queues.items()))
            turn = queue.popleft()
            if queue:
                self._queues.move_to_end(flow)
            else:
                del self._queues[flow]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, flow: str, turn: asyncio.Future[None]) -> None:
        queue = self._queues.get(flow)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[flow]
