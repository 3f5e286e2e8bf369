"""The literals of `traces.txt`: the status and the outline of each operation's trace."""

from pathlib import Path


def expected() -> dict[str, tuple[int, str]]:
    """Return the status and the outline of each operation."""
    found: dict[str, tuple[int, str]] = {}
    for section in Path(__file__).with_name("traces.txt").read_text().split("=== ")[1:]:
        head, _, text = section.partition("\n")
        status, *names = head.split()
        found |= {name: (int(status), text.strip("\n")) for name in names}
    return found


EXPECTED = expected()
