"""The log backend: one event a line, written by a thread of its own, so that a slow disk does not stop the event loop.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/audit/log/backend.go
"""

import asyncio
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue

from rootspan_apiserver.audit.backend import Outcome, PluginErrors
from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.audit.log_file import LogOutput

PLUGIN = "log"
FORMATS = ("legacy", "json")
_WAITING = 10_000
"""How many times `process` may be called before the disk has taken what was given first; what is more is lost."""
_AT_ONCE = 256
_CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Entry:
    events: Sequence[AuditEvent]
    outcome: "Future[bool]"


class LogBackend:
    """Writes events to a file or to standard output.

    Args:
        form: `json` or `legacy`.
    """

    def __init__(self, output: LogOutput, form: str, errors: PluginErrors) -> None:
        self._output = output
        self._encode: Callable[[AuditEvent], bytes] = _json if form == "json" else _legacy
        self._errors = errors
        self._queue: Queue[_Entry | None] = Queue(_WAITING)
        self._writer = threading.Thread(target=self._write, name="audit-log", daemon=True)
        self._writer.start()

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """Queue the events. The outcome is known once they are written."""
        outcome: Future[bool] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Entry(events, outcome))
        except Full:
            self._errors.handle(PLUGIN, "too many events wait to be written", events)
            outcome.set_result(False)
        return outcome

    async def aclose(self) -> None:
        """Write the events taken before, for at most ten seconds, and close the file."""
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        try:
            self._queue.put(None, timeout=_CLOSING_SECONDS)
        except Full:
            return
        self._writer.join(_CLOSING_SECONDS)

    def __str__(self) -> str:
        return PLUGIN

    def _write(self) -> None:
        while (entry := self._queue.get()) is not None:
            taken = [entry]
            last = False
            while len(taken) < _AT_ONCE and not last:
                try:
                    following = self._queue.get_nowait()
                except Empty:
                    break
                if following is None:
                    last = True
                else:
                    taken.append(following)
            _report(self._errors, [(each, self._failures(each)) for each in taken])
            if last:
                break
        self._output.close()

    def _failures(self, entry: _Entry) -> list[tuple[AuditEvent, Exception]]:
        """Write the events of an entry, and return those that could not be written."""
        failed: list[tuple[AuditEvent, Exception]] = []
        for event in entry.events:
            try:
                self._output.write(self._encode(event))
            except (OSError, ValueError, TypeError) as error:
                failed.append((event, error))
        return failed


_Written = list[tuple[_Entry, list[tuple[AuditEvent, Exception]]]]


def _report(errors: PluginErrors, written: _Written) -> None:
    """Tell those who wait, in their event loop."""
    loop: AbstractEventLoop = written[0][0].outcome.get_loop()

    def tell() -> None:
        for entry, failed in written:
            if not entry.outcome.done():
                entry.outcome.set_result(not failed)
            for event, error in failed:
                errors.handle(PLUGIN, error, [event])

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:  # the event loop is closed, and no request waits
        return


def _json(event: AuditEvent) -> bytes:
    return event.line


def _legacy(event: AuditEvent) -> bytes:
    return event.summary().encode() + b"\n"
