"""Where expressions are evaluated: on the event loop, or in a worker thread if they would block it.

Those that calculate for long share one thread, so that the event loop competes with no more than one for the interpreter.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from rootspan_apiserver.admission.expressions.authorizer_variable import WorkerNeededError
from rootspan_apiserver.admission.expressions.evaluation import ExpressionInputs

T = TypeVar("T")


class ExpressionWorker:
    """Runs evaluations."""

    def __init__(self) -> None:
        self._calculating = ThreadPoolExecutor(1, "expressions")

    async def evaluated(self, work: Callable[[ExpressionInputs], T], inputs: ExpressionInputs) -> T:
        """Return what `work` returns, which is called again from its beginning in a thread where it would block the event loop."""
        try:
            return work(inputs)
        except WorkerNeededError as exc:
            blocking = replace(inputs, blocking=True)
            if exc.waits:
                return await asyncio.to_thread(work, blocking)
        return await asyncio.get_running_loop().run_in_executor(self._calculating, work, blocking)
