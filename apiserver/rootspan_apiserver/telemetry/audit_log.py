"""The file of the audit log: one event per line, written by a separate thread so that no request waits for the disk.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/audit/log/backend.go
"""

import logging
import sys
import threading
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TextIO

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.processes.private_files import opener

logger = logging.getLogger(__name__)


class AuditLogError(OSError):
    """The file cannot be opened."""


class AuditLog:
    """Appends events to a file. An event that cannot be written is lost, which is logged.

    Enter it to start the thread. On leaving, the events appended before are written and the file is closed.

    Args:
        path: The file; `-` is standard output.

    Raises:
        AuditLogError: The file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._events: SimpleQueue[JSONObject | None] = SimpleQueue()
        try:
            self._stream: TextIO = (
                sys.stdout if path == "-" else open(path, "a", encoding="utf-8", opener=opener)  # noqa: SIM115
            )
        except OSError as exc:
            raise AuditLogError(exc.errno, f"audit-log-path {path}: {exc.strerror}") from exc
        self._writer = threading.Thread(target=self._write, name="audit-log", daemon=True)

    def append(self, event: JSONObject) -> None:
        """Queue an event, without blocking."""
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
