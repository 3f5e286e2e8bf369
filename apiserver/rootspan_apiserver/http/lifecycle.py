"""The start and the end of a server, announced to the request path."""

from asyncio import Event
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The events of a start and of a shutdown.

    Attributes:
        started: Is set when all parts run: the server is ready.
        shutting_down: Is set when the server is asked to stop: it goes on serving, but is not ready any more.
        stopping: Is set when the server stops listening: watches end.
    """

    started: Event = field(default_factory=Event)
    shutting_down: Event = field(default_factory=Event)
    stopping: Event = field(default_factory=Event)
