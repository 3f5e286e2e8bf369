"""A group of processes that one parent forks, watches over, and ends.

The parent has no event loop and no threads, so that it can fork at any time. A process that dies is started again. One of the workers is
elected, for what only one may do; when it dies the parent elects another one at once: it is the parent who learns first, from the kernel.

SIGINT and SIGTERM to the parent end the workers in order, then the store; a second signal kills all. The workers have process groups of
their own, so that a signal to the parent's group, such as Ctrl-C, reaches them by way of the parent, once. When the parent is killed, all
processes end in order by themselves.
"""

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from rootspan_apiserver.processes.interruption import SAME_SECONDS, SIGNALS, until_interrupted
from rootspan_apiserver.processes.membership import ELECTED, READY, STARTED, GroupMember

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds before a process is started again: the longer, the more often it did not become ready."""


@dataclass(eq=False)
class Program:
    """What a process of the group runs.

    Attributes:
        name: For the log.
        run: Serves until SIGTERM, and returns the exit status.
        number: Of the process among those of its kind.
        needed: Whether the group cannot go on without what the process has in memory.
    """

    name: str
    run: Callable[[GroupMember], int]
    number: int = 0
    needed: bool = False
    pid: int = 0
    channel: socket.socket | None = None
    is_ready: bool = False
    failures: int = field(default=0, repr=False)
    again_at: float = field(default=0.0, repr=False)


class Supervisor:
    """The parent of `workers`, and of the process of their `store` if there is one.

    The store is started first, then the first worker, which prepares everything for the others.

    Args:
        on_started: Called once, when all processes are ready.
        on_stopping: Called when no process will be started any more.
    """

    def __init__(
        self,
        store: Program | None,
        workers: Sequence[Program],
        on_started: Callable[[], None],
        on_stopping: Callable[[], None],
    ) -> None:
        self._store = store
        self._workers = tuple(workers)
        self._programs = (*((store,) if store is not None else ()), *workers)
        stages = ((store,) if store is not None else (), workers[:1], workers[1:])
        self._to_start = deque(stage for stage in stages if stage)
        self._on_started = on_started
        self._on_stopping = on_stopping
        self._started = False
        self._elected: Program | None = None
        self._stopping_since = 0.0
        self._status = 0

    def run(self) -> int:
        """Return the exit status when all processes have ended: 1 if one could not start, or a needed one died."""
        gc.freeze()  # the processes share these objects as long as none of them is written to
        with _signals() as wakeup:
            while self._proceed():
                self._wait(wakeup)
                self._reap()
        return self._status

    def _proceed(self) -> bool:
        """Start or stop what is to be started or stopped. Return whether there is anything left to wait for."""
        if self._stopping_since:
            alive = [program for program in self._workers if program.pid]
            if not alive and self._store is not None and self._store.pid:
                _kill(self._store, signal.SIGTERM)
            return any(program.pid for program in self._programs)
        if self._to_start and all(program.is_ready for program in self._programs if program.pid):
            for program in self._to_start.popleft():
                self._start(program)
        if not self._started and all(program.is_ready for program in self._programs):
            self._started = True
            for program in self._programs:
                _tell(program, STARTED)
            self._on_started()
        for program in self._programs:
            if program.again_at and time.monotonic() >= program.again_at:
                self._start(program)
        return True

    def _start(self, program: Program) -> None:
        """Fork a process. A signal that comes meanwhile is delivered to the parent, and to the child once it has its own handlers."""
        ours, theirs = socket.socketpair()
        if self._elected is None and program is not self._store:
            self._elected = program
        program.channel, program.is_ready, program.again_at = ours, False, 0.0
        if program is self._elected:
            _tell(program, ELECTED)  # before it can look
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        program.pid = os.fork()
        if not program.pid:
            for each in self._programs:
                if each.channel is not None:
                    each.channel.close()
            _become(program, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        theirs.close()

    def _wait(self, wakeup: int) -> None:
        """Wait for a signal, a child that is ready, or the time to start one again."""
        due = [program.again_at for program in self._programs if program.again_at]
        poll = select.poll()
        poll.register(wakeup, select.POLLIN)
        channels = {each.channel.fileno(): each for each in self._programs if each.channel is not None}
        for descriptor in channels:
            poll.register(descriptor, select.POLLIN)
        timeout = max(0.0, min(due) - time.monotonic()) * 1000 if due else None
        for descriptor, _ in poll.poll(timeout):
            if descriptor == wakeup:
                for number in os.read(wakeup, 4096):
                    if number in SIGNALS:
                        self._stop()
            else:
                self._read(channels[descriptor])

    def _read(self, program: Program) -> None:
        assert program.channel is not None
        said = b""
        with contextlib.suppress(OSError):
            said = program.channel.recv(64)
        if not said:  # it has ended, or will have soon
            program.channel.close()
            program.channel = None
        elif READY in said:
            program.is_ready, program.failures = True, 0
            if self._started:
                _tell(program, STARTED)
            if self._elected is None and program is not self._store:
                self._elect(program)

    def _elect(self, program: Program) -> None:
        logger.info("%s is elected", program.name)
        self._elected = program
        _tell(program, ELECTED)

    def _stop(self) -> None:
        """End the workers in order; a later signal kills everything."""
        now = time.monotonic()
        if not self._stopping_since:
            self._stopping_since = now
            self._on_stopping()
            self._to_start.clear()
            for program in self._programs:
                program.again_at = 0.0
            for program in self._workers:
                _kill(program, signal.SIGTERM)
        elif now >= self._stopping_since + SAME_SECONDS:
            self._status = 1
            for program in self._programs:
                _kill(program, signal.SIGKILL)

    def _reap(self) -> None:
        """Take note of the processes that have ended."""
        for program in self._programs:
            if program.pid and (ended := os.waitpid(program.pid, os.WNOHANG))[0]:
                self._ended(program, os.waitstatus_to_exitcode(ended[1]))

    def _ended(self, program: Program, status: int) -> None:
        was_ready, program.pid, program.is_ready = program.is_ready, 0, False
        if program.channel is not None:
            program.channel.close()
            program.channel = None
        if self._stopping_since:
            self._status = self._status or int(status not in (0, 128 + signal.SIGTERM))
            return
        if not self._started or program.needed:
            if was_ready:
                logger.error("%s has ended with status %d, and the server with it", program.name, status)
            self._status = 1
            self._stop()
            return
        program.failures += not was_ready
        pause = min(FIRST_PAUSE * 2**program.failures, LONGEST_PAUSE) if program.failures else 0.0
        program.again_at = time.monotonic() + pause
        logger.error("%s has ended with status %d and is started again", program.name, status)
        if program is self._elected:
            self._elected = None
            if (other := next((each for each in self._workers if each.is_ready), None)) is not None:
                self._elect(other)


def _become(program: Program, channel: socket.socket) -> NoReturn:
    """Run the program in this new process, and end with it."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)

        def run() -> int:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return program.run(GroupMember(channel, program.number))

        status = until_interrupted(run)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _tell(program: Program, what: bytes) -> None:
    if program.channel is not None:
        with contextlib.suppress(OSError):
            program.channel.send(what)


def _kill(program: Program, number: signal.Signals) -> None:
    if program.pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(program.pid, number)


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """Write the numbers of SIGINT, SIGTERM and SIGCHLD to a pipe while the block runs. Yields its reading end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    handled = (*SIGNALS, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in handled}
    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
