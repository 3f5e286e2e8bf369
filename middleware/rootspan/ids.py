"""How trace ids and span ids are drawn.

The numbers come from the operating system's generator, a block at a time. `random.getrandbits` costs as much, and it
can be predicted by anybody who is sent a few hundred of its numbers, as every server behind this one is; it also
repeats itself when an application calls `random.seed`. A block is thrown away in the child of a fork: two workers never
share an id.

The ids are random, but are not declared so: Go services built on opentelemetry-go before 1.42 (etcd up to 3.6.12 and
many admission webhooks) discard a `traceparent` with flags 03. They are sent 01 and 00.
"""

import os
import struct
from collections.abc import Callable

from opentelemetry.sdk.trace.id_generator import IdGenerator

LOWER_HALF = (1 << 64) - 1

_ROOT = struct.Struct("=QQQ")
_BLOCK = 256
_roots: list[tuple[int, int, int]] = []
_span_ids: list[int] = []


def draw_root() -> tuple[int, int, int]:
    """Draw the ids of a new trace: the upper and the lower 64 bits of its trace id, and the span id of its root."""
    try:
        return _roots.pop()
    except IndexError:
        drawn, *kept = ids_from(os.urandom(_ROOT.size * _BLOCK))
        _roots.extend(kept)
        return drawn


def draw_span_id() -> int:
    """Draw a span id: 64 random bits, never all zero."""
    try:
        return _span_ids.pop()
    except IndexError:
        drawn, *kept = (number or 1 for number in struct.unpack(f"={_BLOCK}Q", os.urandom(8 * _BLOCK)))
        _span_ids.extend(kept)
        return drawn


def ids_from(random_bytes: bytes) -> list[tuple[int, int, int]]:
    """Cut random bytes, 24 for each trace, into ids of which none is all zero (which would make it invalid)."""
    return [(upper, lower or 1, span_id or 1) for upper, lower, span_id in _ROOT.iter_unpack(random_bytes)]


def _forget_drawn() -> None:
    _roots.clear()
    _span_ids.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_drawn)


class RootIdGenerator(IdGenerator):
    """An id generator for an SDK `TracerProvider`: unpredictable, cheap, and not declared random (flags 01, not 03).

    With a `source`, another generator makes the ids.
    """

    def __init__(self, source: IdGenerator | None = None) -> None:
        self._source = source

    def generate_trace_id(self) -> int:
        if self._source is not None:
            return self._source.generate_trace_id()
        upper, lower, _ = draw_root()
        return upper << 64 | lower

    def generate_span_id(self) -> int:
        return draw_span_id() if self._source is None else self._source.generate_span_id()

    def is_trace_id_random(self) -> bool:
        return False

    @property
    def draw_root(self) -> Callable[[], tuple[int, int, int]]:
        """The function that draws the ids of a new trace: `rootspan.ids.draw_root`, or the source where there is one."""
        return draw_root if self._source is None else self._draw_from_source

    @property
    def draw_span_id(self) -> Callable[[], int]:
        """The function that draws a span id, likewise."""
        return draw_span_id if self._source is None else self._source.generate_span_id

    def _draw_from_source(self) -> tuple[int, int, int]:
        trace_id = self.generate_trace_id()
        return trace_id >> 64, trace_id & LOWER_HALF, self.generate_span_id()
