"""How much an audit event says, and at which moments of a request there is one.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/audit/types.go
"""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How much is recorded of a request. A level includes those below it."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def text(self) -> str:
        """The level as policies and events have it."""
        return _TEXTS[self]


class Stage(StrEnum):
    """The moments of a request at which an event is made."""

    REQUEST_RECEIVED = "RequestReceived"
    RESPONSE_STARTED = "ResponseStarted"
    RESPONSE_COMPLETE = "ResponseComplete"
    PANIC = "Panic"


_TEXTS = ("None", "Metadata", "Request", "RequestResponse")
LEVELS = {level.text: level for level in Level}
