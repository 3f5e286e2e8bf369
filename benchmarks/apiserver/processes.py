"""The CPU time of a server, of all its processes. Linux only, as it reads `/proc`."""

import os
from collections.abc import Iterable
from pathlib import Path

LISTENING = "0A"
TICKS = os.sysconf("SC_CLK_TCK")


def listening_on(ports: Iterable[int]) -> set[int]:
    """Return the processes that listen on any of the ports."""
    wanted = set(ports)
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) in wanted:
                inodes.add(f"socket:[{fields[9]}]")
    return {pid for pid in _all() if not inodes.isdisjoint(_descriptors(pid))}


def with_descendants(pids: Iterable[int]) -> set[int]:
    """Return the processes, their children, and so on."""
    children: dict[int, list[int]] = {}
    for pid in _all():
        if fields := _stat(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    found, left = set[int](), list(pids)
    while left:
        pid = left.pop()
        if pid not in found:
            found.add(pid)
            left += children.get(pid, ())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that the processes have used so far, in user mode and in the kernel."""
    return sum(int(fields[11]) + int(fields[12]) for pid in pids if (fields := _stat(pid))) / TICKS


def resident_megabytes(pids: Iterable[int]) -> float:
    """Return the resident memory of the processes; what they share counts in each."""
    pages = sum(int(fields[21]) for pid in pids if (fields := _stat(pid)))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name of the process, nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _descriptors(pid: int) -> set[str]:
    folder = f"/proc/{pid}/fd"
    found = set()
    try:
        for name in os.listdir(folder):
            found.add(os.readlink(f"{folder}/{name}"))
    except OSError:
        pass  # another user's process, or one that ended
    return found
