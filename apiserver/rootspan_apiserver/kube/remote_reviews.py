"""Questions to webhooks about users, and when one is asked again.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject


class ReviewError(Exception):
    """A webhook gave no review; the message is client-go's.

    Attributes:
        code: The HTTP status of the answer, 0 if there was none.
        timed_out: Whether the time was over before the answer came.
        connection_reset: Whether the connection was lost.
    """

    def __init__(self, message: str, *, code: int = 0, timed_out: bool = False, connection_reset: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.timed_out = timed_out or code == 504
        self.connection_reset = connection_reset

    @property
    def is_transient(self) -> bool:
        """Whether the webhook is asked again."""
        return self.connection_reset or self.code in (429, 500, 504)


AskForReview = Callable[[JSONObject], Awaitable[JSONObject]]
"""Sends a review and returns the `status` of the one that is answered. Raises ReviewError."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a webhook is asked, and the seconds between: `first`, then `factor` times the last, and up to `jitter` of it more."""

    first: float = 0.5
    factor: float = 1.5
    jitter: float = 0.2
    attempts: int = 5

    def pauses(self) -> Iterator[float]:
        """Yield the seconds after each attempt but the last."""
        seconds = self.first
        for _ in range(self.attempts - 1):
            yield seconds * (1 + random.random() * self.jitter)
            seconds *= self.factor


async def with_retries(ask: Callable[[], Awaitable[JSONObject]], backoff: Backoff) -> JSONObject:
    """Return what `ask` returns, asking again after errors that are transient. Raises ReviewError of the last attempt."""
    for pause in backoff.pauses():
        try:
            return await ask()
        except ReviewError as exc:
            if not exc.is_transient:
                raise
        await asyncio.sleep(pause)
    return await ask()
