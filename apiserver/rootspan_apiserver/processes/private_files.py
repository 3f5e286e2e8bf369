"""Files and folders for their owner alone, whatever the umask of the process and the mode of the folder they are made in."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, as far as they are missing. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """For the built-in `open`: a file that is made is readable and writable by its owner alone."""
    return os.open(path, flags, 0o600)
