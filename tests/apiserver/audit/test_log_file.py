"""The file of the audit log, its rotation, and what becomes of old files."""

import gzip
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rootspan_apiserver.audit.log_file import LogFile, Rotation

LINE = b"x" * 400_000 + b"\n"


def old_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "audit.log")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_is_appended_to_and_private(tmp_path: Path) -> None:
    """The file and the folders that were missing are for their owner only; what was in the file stays."""
    path = tmp_path / "logs" / "audit.log"
    for line in (b"1\n", b"2\n"):
        file = LogFile(str(path))
        file.write(line)
        file.close()
    assert path.read_bytes() == b"1\n2\n"
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_file_is_replaced_before_it_grows_too_large(tmp_path: Path) -> None:
    """Three lines do not fit into a MiB: the file with two is renamed after the time, and the third begins a new one."""
    path = tmp_path / "audit.log"
    file = LogFile(str(path), Rotation(size=1))
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    for _ in range(3):
        file.write(LINE)
    file.close()
    assert path.read_bytes() == LINE
    assert mode(path) == 0o600
    (old,) = old_files(tmp_path)
    assert (tmp_path / old).read_bytes() == LINE * 2
    moment = datetime.strptime(old, "audit-%Y-%m-%dT%H-%M-%S.%f.log").replace(tzinfo=UTC)
    assert before <= moment <= datetime.now(UTC)


def test_processes_that_share_a_file_replace_it_once(tmp_path: Path) -> None:
    """The second writer goes on in the file that the first one has begun, and counts the lines of both."""
    path = tmp_path / "audit.log"
    first, second = (LogFile(str(path), Rotation(size=1)) for _ in range(2))
    for file in (first, second, first, second, second):
        file.write(LINE)
    first.close()
    second.close()
    assert [(tmp_path / old).read_bytes() for old in old_files(tmp_path)] == [LINE * 2, LINE * 2]
    assert path.read_bytes() == LINE


def test_lines_of_writers_that_write_at_once_stay_whole(tmp_path: Path) -> None:
    """Each line of four writers, which share nothing but the path, is once in the files, wherever these were replaced."""
    path = tmp_path / "audit.log"
    writers = [threading.Thread(target=write_lines, args=(path, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = [line for name in tmp_path.iterdir() for line in name.read_bytes().splitlines()]
    assert sorted(lines) == sorted(line_of(writer, number) for writer in range(4) for number in range(60))
    assert len(old_files(tmp_path)) >= 2


def line_of(writer: int, number: int) -> bytes:
    return b"%d-%d-" % (writer, number) + b"x" * 20_000


def write_lines(path: Path, writer: int) -> None:
    file = LogFile(str(path), Rotation(size=1))
    for number in range(60):
        file.write(line_of(writer, number) + b"\n")
    file.close()


def test_size_of_an_existing_file_counts(tmp_path: Path) -> None:
    """A server that starts again does not make its file larger than the limit."""
    path = tmp_path / "audit.log"
    path.write_bytes(LINE * 2)
    path.chmod(0o640)
    file = LogFile(str(path), Rotation(size=1))
    file.write(LINE)
    file.close()
    assert path.read_bytes() == LINE
    assert mode(path) == 0o640
    assert len(old_files(tmp_path)) == 1


def test_line_longer_than_a_file_is_refused(tmp_path: Path) -> None:
    """The file is left as it is, and takes the next line."""
    path = tmp_path / "audit.log"
    file = LogFile(str(path), Rotation(size=1))
    with pytest.raises(ValueError, match="write length 1200003 exceeds maximum file size 1048576"):
        file.write(LINE * 3)
    file.write(LINE)
    file.close()
    assert path.read_bytes() == LINE


def test_without_a_size_the_file_is_never_replaced(tmp_path: Path) -> None:
    """--audit-log-maxsize=0 turns rotation off."""
    file = LogFile(str(tmp_path / "audit.log"), Rotation(size=0, backups=1))
    for _ in range(4):
        file.write(LINE)
    file.close()
    assert old_files(tmp_path) == []


def test_old_files_are_removed_by_number_and_age(tmp_path: Path) -> None:
    """The newest stay, a compressed one counts like another, and other files are left alone."""
    present = datetime.now(UTC)
    names = [f"audit-{present - timedelta(days=days):%Y-%m-%dT%H-%M-%S}.000.log" for days in (1, 2, 3, 9)]
    for name in (names[0] + ".gz", *names[1:], "audit-x.log", "other-2020-01-01T00-00-00.000.log"):
        (tmp_path / name).write_bytes(b"")
    path = tmp_path / "audit.log"
    path.write_bytes(LINE * 2)
    file = LogFile(str(path), Rotation(size=1, backups=3, age=5))
    file.write(LINE)
    file.close()
    kept = old_files(tmp_path)
    assert {names[0] + ".gz", names[1]} < set(kept)
    assert not {names[2], names[3]} & set(kept)
    assert {"audit-x.log", "other-2020-01-01T00-00-00.000.log"} < set(kept)
    assert len(kept) == 5


def test_old_files_are_compressed(tmp_path: Path) -> None:
    """The compressed file has the mode of the log, and the other is gone."""
    path = tmp_path / "audit.log"
    file = LogFile(str(path), Rotation(size=1, compress=True))
    for _ in range(3):
        file.write(LINE)
    file.close()
    (old,) = old_files(tmp_path)
    assert old.endswith(".log.gz")
    assert gzip.decompress((tmp_path / old).read_bytes()) == LINE * 2
    assert mode(tmp_path / old) == 0o600
