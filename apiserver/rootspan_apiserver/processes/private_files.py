"""Files and folders that only their owner can read, whatever the umask of the process and the mode of the parent folder."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Create the folder and its missing parents. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """For the built-in `open`: create files with mode 0600."""
    return os.open(path, flags, 0o600)
