"""Processes that a signal ends at a chosen moment: how they ended, what they had written, and what they left running."""

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, Signals

PATIENCE = 60.0
_IMPORT = re.compile(r"import time: +\d+ \| +\d+ \| +")


@dataclass(slots=True)
class Output:
    """What a process has written since its start. Each import of a Python in it is a line too: `imported os`."""

    lines: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    ended: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def text(self) -> str:
        """Without the imports."""
        return "\n".join(line for line in self.lines if not line.startswith(("imported ", "import time: ")))

    async def wrote(self, pattern: str) -> None:
        """Wait for a line in which `pattern` is found. Raises AssertionError, showing the rest, if it never comes."""

        def found() -> bool:
            return any(re.search(pattern, line) for line in self.lines)

        async with self._changed:
            await self._changed.wait_for(lambda: self.ended or found())
        assert found(), f"{pattern!r} was not written:\n{self.text}"

    async def read(self, stream: asyncio.StreamReader) -> None:
        while written := await stream.readline():
            await self._add(_IMPORT.sub("imported ", written.decode(errors="replace")).rstrip())
        self.ended = True
        await self._add()

    async def _add(self, *lines: str) -> None:
        async with self._changed:
            self.lines += lines
            self._changed.notify_all()


Moment = Callable[[Output], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """`status` is negative where the signal itself ended the process. `left` are processes of its session that run on."""

    status: int
    text: str
    left: list[int]


def wrote(pattern: str, *, later: float = 0.0) -> Moment:
    """The moment `later` seconds after a line with `pattern` was written."""

    async def moment(output: Output) -> None:
        await output.wrote(pattern)
        await asyncio.sleep(later)

    return moment


def elapsed(seconds: float, *, once: str) -> Moment:
    """The moment `seconds` after the start, or later on a slow machine: once a line with the pattern `once` was written."""

    async def moment(output: Output) -> None:
        await output.wrote(once)
        await asyncio.sleep(output.begun + seconds - time.monotonic())

    return moment


async def interrupted(
    command: Sequence[str],
    number: Signals,
    moment: Moment,
    *,
    again: float = 0.0,
    group: bool = False,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Start the command in a session of its own, send it a signal, and wait for the end.

    Args:
        moment: when to send it.
        again: seconds until the same signal is sent once more, 0 for never.
        group: whether all of its process group gets the signal, as by Ctrl-C, or the process alone.
        env: variables of its environment, besides those of this process.
    """
    output = Output()
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1", **(env or {})},
    )
    assert process.stdout is not None
    reading = asyncio.create_task(output.read(process.stdout))
    try:
        async with asyncio.timeout(PATIENCE):
            await moment(output)
            for pause in (0.0, again) if again else (0.0,):
                await asyncio.sleep(pause)
                with suppress(ProcessLookupError):
                    (os.killpg if group else os.kill)(process.pid, number)
            status = await process.wait()
            left = members(process.pid)
            await reading
    finally:
        for pid in members(process.pid):
            os.kill(pid, SIGKILL)
        await process.wait()
        await reading
    return Ended(status, output.text, left)


def members(session: int) -> list[int]:
    """The processes of a session, but for those that have ended and wait to be asked for their status."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of = path.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append(int(path.parent.name))
    return found
