"""Turns: which request begins in each turn of the event loop, so that a flood does not fill it.

The seats of kube-apiserver bound the requests that execute, most of which wait for something. What one process computes is bounded by its
event loop, in which all that is ready comes before what arrives next. So one request begins in a turn, and flows take turns at that; a
request of a user who sends little is next, however many of another have arrived before it. A request waits here only while others do.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable


class Turns:
    """Lets requests begin, one in each turn of the event loop."""

    def __init__(self) -> None:
        self._taken = False
        self._flows: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    def take(self) -> bool:
        """Return whether the present turn is free; it is taken from now on."""
        if self._taken:
            return False
        self._taken = True
        asyncio.get_running_loop().call_soon(self._next)
        return True

    async def wait(self, flow: Hashable) -> None:
        """Return when it is the turn of a request of this flow."""
        if self.take():
            return
        turn = asyncio.get_running_loop().create_future()
        self._flows.setdefault(flow, deque()).append(turn)
        await turn

    def _next(self) -> None:
        """Give the next turn to the flow that has waited longest for one."""
        while self._flows:
            flow, waiting = self._flows.popitem(last=False)
            turn = waiting.popleft()
            if waiting:
                self._flows[flow] = waiting
            if not turn.done():
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
