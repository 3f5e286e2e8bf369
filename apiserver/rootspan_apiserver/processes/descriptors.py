"""File descriptors: how many the process may have open.

Upstream: Go's os/rlimit.go
"""

import resource

RESERVED = 256
"""Descriptors that connections of clients leave for the store, webhooks, logs and files."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one, as every program in Go does at its start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def for_connections(at_most: int) -> int:
    """Return how many connections of clients may be open, at most `at_most`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return at_most
    return max(1, min(at_most, soft - min(RESERVED, soft // 2)))
