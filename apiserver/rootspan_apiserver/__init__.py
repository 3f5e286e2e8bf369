"""A simulated kube-apiserver that traces like the real one.

`Environment` runs one inside the process; `rootspan apiserver` on the command line.
"""

from typing import TYPE_CHECKING

from rootspan_apiserver.processes.extra import require

if TYPE_CHECKING:
    from rootspan_apiserver.environment import Environment

__all__ = ["Environment"]

require()


def __getattr__(name: str) -> object:
    if name == "Environment":
        from rootspan_apiserver.environment import Environment

        return Environment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
