"""The audit log's file: one event a line, written by a thread of its own so that no request waits for a disk."""

import logging
import sys
import threading
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TextIO

import orjson

from rootspan_apiserver.processes.private_files import opener

logger = logging.getLogger(__name__)


class AuditLogError(OSError):
    """The log cannot be opened."""


class AuditLog:
    """Appends events to the file at `path`; `-` is standard output. Events of a time when writing fails are lost, and that is logged.

    Raises:
        AuditLogError: the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._events: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        try:
            self._stream: TextIO = (
                sys.stdout if path == "-" else open(path, "a", encoding="utf-8", opener=opener)  # noqa: SIM115
            )
        except OSError as exc:
            raise AuditLogError(exc.errno, f"audit-log-path {path}: {exc.strerror}") from exc
        self._writer = threading.Thread(target=self._write, name="audit-log", daemon=True)

    def append(self, event: dict[str, Any]) -> None:
        self._events.put(event)

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._events.put(None)
        self._writer.join()
        if self._stream is not sys.stdout:
            self._stream.close()

    def _write(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._stream.write(orjson.dumps(event).decode() + "\n")
                if self._events.empty():
                    self._stream.flush()
            except OSError as exc:
                logger.error("an audit event could not be written: %s", exc)
