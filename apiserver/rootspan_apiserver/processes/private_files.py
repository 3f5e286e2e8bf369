"""Files and folders that only their owner can read, whatever the umask of the process and the mode of the parent folder."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(folder: Path) -> None:
    """Create the folder and its missing parents. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=FOLDER_MODE, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """For the built-in `open`: create files with mode 0600, and leave the mode of an existing one."""
    return os.open(path, flags, FILE_MODE)


def private_opener(path: str, flags: int) -> int:
    """For the built-in `open`: as `opener`, and give an existing file that mode too. Raises OSError if it belongs to another user."""
    descriptor = opener(path, flags)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != FILE_MODE:
            os.fchmod(descriptor, FILE_MODE)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make the names in the folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Give the file this content, all at once: a process that is killed leaves none that is half written. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(draft, "wb", opener=private_opener) as stream:
        stream.write(content)
    draft.replace(path)


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a file of ours, which `make` gives it if it does not exist yet. Raises OSError."""
    try:
        with open(path, "rb", opener=private_opener) as stream:
            return stream.read()
    except FileNotFoundError:
        content = make()
    make_folder(path.parent)
    replace_file(path, content)
    return content
