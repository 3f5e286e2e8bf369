"""SIGINT and SIGTERM: the first signal shuts a command down in order, a later one ends the process at once.

Every command runs in `until_interrupted`. Its coroutine is cancelled (`run`), or notified if it is a server (`on_first_signal`).

Upstream: staging/src/k8s.io/apiserver/pkg/server/signal.go
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAME_SECONDS = 0.25
"""Signals within this time count as one: `timeout`, for example, sends its signal to the process and to its group."""


def until_interrupted(command: Callable[[], int]) -> int:
    """Run `command` in the main thread. A signal raises KeyboardInterrupt in it, even if a parent process had the signal ignored.

    Returns the exit status of `command`, or after a signal that of a shell, 130 or 143.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in SIGNALS:
            signal.signal(number, interrupt)
        return command()
    except KeyboardInterrupt as interruption:
        return 128 + int(interruption.args[0] if interruption.args else signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    main: Callable[[], Coroutine[Any, Any, T]],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run `main()` in a new event loop and return its result.

    The coroutine is created inside the loop, so that an earlier interruption leaves no coroutine that was never awaited.

    Raises:
        KeyboardInterrupt: `main` was cancelled by a signal, whose number is the argument.
    """
    received: list[int] = []

    async def cancellable() -> T:
        task = asyncio.ensure_future(main())

        def cancel(number: int) -> None:
            received.append(number)
            task.cancel()

        on_first_signal(cancel)
        return await task

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.get_loop()
            return runner.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt(*received) from None


def on_first_signal(notify: Callable[[int], object]) -> None:
    """Call `notify` in the running loop, once, with the number of the signal. Replaces an earlier callback."""
    loop = asyncio.get_running_loop()
    received = False

    def receive(number: int) -> None:
        nonlocal received
        if not received:
            received = True
            loop.call_later(SAME_SECONDS, end_at_once)
            notify(number)

    def end_at_once() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, os._exit, 1)  # the status of kube-apiserver after a second signal

    for number in SIGNALS:
        loop.add_signal_handler(number, receive, number)
