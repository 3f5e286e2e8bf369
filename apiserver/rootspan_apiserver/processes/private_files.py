"""Files and folders that only their owner can read, whatever the umask of the process and the mode of the parent folder."""

import os
from collections.abc import Callable
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Create the folder and its missing parents. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """For the built-in `open`: create files with mode 0600."""
    return os.open(path, flags, 0o600)


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a file, which `make` gives it if it does not exist yet. Raises OSError.

    The file appears at once with all of its content, so that a process which is killed leaves none that is half written.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        content = make()
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(draft, "wb", opener=opener) as stream:
        stream.write(content)
    draft.replace(path)
    return content
