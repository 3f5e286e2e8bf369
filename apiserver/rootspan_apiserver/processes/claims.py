"""Numbers of which one process at a time may claim each: the kernel's locks on the bytes of a file that has none.

A claim of a process ends with the process, however it ends.
"""

import fcntl
import hashlib
import os
from typing import IO

_BITS = 62


class Claims:
    """The claims of a group of forked processes, which share an open `file`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def take(self, kind: str, number: int) -> bool:
        """Claim the number of a kind: whether no other process claims it. This process must not claim it yet."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(kind, number), os.SEEK_SET)
        except OSError:
            return False
        return True

    def release(self, kind: str, number: int) -> None:
        """End a claim of this process."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(kind, number), os.SEEK_SET)


def _offset(kind: str, number: int) -> int:
    digest = hashlib.blake2b(f"{kind}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _BITS)
