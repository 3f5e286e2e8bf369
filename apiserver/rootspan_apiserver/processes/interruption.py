"""What SIGINT and SIGTERM do: the first asks for an end in order, a later one ends the process at once.

A command runs in `until_interrupted`. What it does in an event loop is cancelled (`run`), or told, if it serves (`on_first_signal`).
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
"""How long further signals are taken for the first: `timeout`, for one, sends its signal to the process and to its group."""


def until_interrupted(command: Callable[[], int]) -> int:
    """Run `command` in the main thread. A signal raises KeyboardInterrupt in it, even where a parent process had it ignored.

    Returns: the status of `command`; once interrupted what a shell reports of that signal, 130 or 143.
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
    """What `main()` returns, run in a new event loop. The coroutine is made in the loop: an interruption before leaves none unawaited.

    Raises:
        KeyboardInterrupt: a signal, its argument, came first, and `main` was cancelled.
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


def on_first_signal(tell: Callable[[int], object]) -> None:
    """Call `tell` in the running loop, once, with the number of the signal. Takes the place of what was called before."""
    loop = asyncio.get_running_loop()
    told = False

    def receive(number: int) -> None:
        nonlocal told
        if not told:
            told = True
            loop.call_later(SAME_SECONDS, end_at_once)
            tell(number)

    def end_at_once() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, os._exit, 1)  # the status of kube-apiserver after a second signal

    for number in SIGNALS:
        loop.add_signal_handler(number, receive, number)
