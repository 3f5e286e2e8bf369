"""The file of the audit log: appended to, and replaced by a new one before it grows too large.

Several processes may append to one file, each line in one piece; one of them replaces it, and the others go on with the new one.

The old file keeps the log's name with the time of its replacement (`audit-2026-11-27T03-20-15.884.log`). Old files are removed by number
and age, and compressed. All methods block.

Upstream: https://github.com/natefinch/lumberjack, staging/src/k8s.io/apiserver/pkg/server/options/audit.go (getWriter)
"""

import contextlib
import fcntl
import gzip
import logging
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Protocol

from rootspan_apiserver.processes.private_files import make_folder, opener

_log = logging.getLogger(__name__)
_MEBIBYTE = 1 << 20
_COMPRESSED = ".gz"
_TIME = "%Y-%m-%dT%H-%M-%S."


class LogOutput(Protocol):
    """Where lines go."""

    def write(self, line: bytes) -> None:
        """Write one line. Raises OSError or ValueError."""
        ...

    def close(self) -> None: ...


class StandardOutput:
    """Standard output."""

    def write(self, line: bytes) -> None:
        """See `LogOutput`."""
        sys.stdout.write(line.decode())
        sys.stdout.flush()

    def close(self) -> None:
        """Standard output stays open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """When a file is replaced, and which old ones are kept.

    Attributes:
        size: The MiB of the largest file; 0 for a file that is never replaced.
        age: The days for which old files are kept; 0 for ever.
        backups: The number of old files that are kept; 0 for all.
        compress: Whether old files are compressed.
    """

    size: int = 0
    age: int = 0
    backups: int = 0
    compress: bool = False


class LogFile:
    """A file that only its owner can read.

    Raises:
        OSError: It cannot be created or opened.
    """

    def __init__(self, path: str, rotation: Rotation = Rotation()) -> None:
        self._path = Path(path)
        self._rotation = rotation
        make_folder(self._path.parent)
        self._tidying: threading.Thread | None = None
        self._reopen()

    def write(self, line: bytes) -> None:
        """Append a line, to a new file if the present one would grow too large.

        Raises:
            OSError: It cannot be written.
            ValueError: The line is longer than a file may be.
        """
        if self._file.closed:  # it could not be replaced before
            self._reopen()
        limit = self._rotation.size * _MEBIBYTE
        if limit:
            if len(line) > limit:
                raise ValueError(f"write length {len(line)} exceeds maximum file size {limit}")
            self._follow()
            if self._size + len(line) > limit:
                self._rotate()
        view = memoryview(line)
        while view:
            written = self._file.write(view)
            self._size += written
            view = view[written:]

    def close(self) -> None:
        """Close the file, once the old ones are tidied up."""
        self._file.close()
        if self._tidying is not None:
            self._tidying.join()

    def _open(self) -> FileIO:
        return open(self._path, "ab", buffering=0, opener=opener)

    def _reopen(self) -> None:
        self._file = self._open()
        self._size = os.fstat(self._file.fileno()).st_size

    def _follow(self) -> None:
        """Learn what other processes have done: how large the file is, or that it has been replaced."""
        if self._is_replaced():
            self._file.close()
            self._reopen()
        self._size = os.fstat(self._file.fileno()).st_size

    def _is_replaced(self) -> bool:
        try:
            return not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:  # it is being replaced, or somebody removed it
            return False

    def _rotate(self) -> None:
        """Replace the file, unless another process does so while this one waits for its turn."""
        old = self._file
        fcntl.flock(old, fcntl.LOCK_EX)
        try:
            if not self._is_replaced() and self._path.exists():
                mode = stat.S_IMODE(self._path.stat().st_mode)
                self._path.rename(self._backup())
                os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, mode))
                self._path.chmod(mode)
            self._reopen()
        finally:
            old.close()  # the lock ends with it
        if self._tidying is not None:
            self._tidying.join()
        self._tidying = threading.Thread(target=self._tidy, name="audit-log-rotation")
        self._tidying.start()

    def _backup(self) -> Path:
        moment = datetime.now(UTC)
        while True:
            name = f"{self._path.stem}-{_written(moment)}{self._path.suffix}"
            if not (path := self._path.with_name(name)).exists():
                return path
            moment += timedelta(milliseconds=1)

    def _tidy(self) -> None:
        try:
            self._remove_and_compress()
        except OSError as error:
            _log.warning("old audit logs cannot be removed or compressed: %s", error)

    def _remove_and_compress(self) -> None:
        """Remove old files, and compress the others. Raises OSError."""
        rotation, old = self._rotation, sorted(self._backups(), reverse=True)
        kept = set()
        oldest = datetime.now(UTC) - timedelta(days=rotation.age) if rotation.age else None
        for moment, path in old:
            kept.add(path.name.removesuffix(_COMPRESSED))
            if (rotation.backups and len(kept) > rotation.backups) or (oldest is not None and moment < oldest):
                path.unlink()
            elif rotation.compress and path.suffix != _COMPRESSED:
                _compress(path)

    def _backups(self) -> Iterator[tuple[datetime, Path]]:
        """Yield each old file with the time of its replacement."""
        prefix, suffix = f"{self._path.stem}-", self._path.suffix
        for path in self._path.parent.iterdir():
            name = path.name.removesuffix(_COMPRESSED)
            if name.startswith(prefix) and name.endswith(suffix):
                with contextlib.suppress(ValueError):
                    yield _read(name.removeprefix(prefix).removesuffix(suffix)), path


def _written(moment: datetime) -> str:
    return f"{moment.strftime(_TIME)}{moment.microsecond // 1000:03d}"


def _read(text: str) -> datetime:
    """Raises ValueError for another text."""
    return datetime.strptime(text, f"{_TIME}%f").replace(tzinfo=UTC)


def _compress(path: Path) -> None:
    target = path.with_name(path.name + _COMPRESSED)
    mode = stat.S_IMODE(path.stat().st_mode)
    with (
        path.open("rb") as source,
        os.fdopen(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb") as packed,
    ):
        shutil.copyfileobj(source, packed)
    path.unlink()
