"""Slow operations in the log: each with the steps that took long, as k8s.io/utils/trace writes them.

With `-v=2` every request has a text trace, sampled or not. It begins with the operation of a verb; operations inside it are nested, and
only the outermost one is written. A step is written if it took more than its share of the threshold, and with `-v=4` in any case.
All times are in nanoseconds, since 1970 or as durations.

Upstream: vendor/k8s.io/utils/trace/trace.go
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from opentelemetry.util.types import AttributeValue

from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.go_quote import quote

logger = logging.getLogger(__name__)

Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class _TextStep:
    """Something that happened `at` a time."""

    name: str
    attributes: Attributes
    at: int


class TextTrace:
    """One operation: its steps, and the operations inside it.

    Args:
        name: The name of the operation.
        attributes: Written after the name.
        above: The operation it is part of; None for the outermost one.
        threshold: The duration from which it is slow.
        clock: Returns the present time.
    """

    def __init__(
        self, name: str, attributes: Attributes, *, above: "TextTrace | None", threshold: int, clock: Callable[[], int]
    ) -> None:
        self._name = name
        self._attributes = attributes
        self._above = above
        self._threshold = threshold
        self._clock = clock
        self._steps: list[TextTrace | _TextStep] = []
        self._start = self._end = clock()
        if above is not None:
            above._steps.append(self)

    def step(self, name: str, attributes: Attributes) -> None:
        """Add a step that ends now."""
        self._steps.append(_TextStep(name, attributes, self._clock()))

    def end(self, *, everything: bool) -> str | None:
        """End the operation. Return the text to be logged: the whole trace if this is the outermost operation and it was slow.

        Args:
            everything: Whether fast steps are written too.
        """
        self._end = self._clock()
        if self._above is not None or self._duration < self._threshold:
            return None
        number = random.getrandbits(31)
        head = f"Trace[{number}]: {quote(self._name)} {_fields(self._attributes)}({_date(self._start)})"
        lines = [f"{head} (total time: {_milliseconds(self._duration)}ms):"]
        last = self._write_steps(lines, f"Trace[{number}]: ", self._share, everything=everything)
        lines.append(f"Trace[{number}]: [{format_duration(self._duration)}] [{format_duration(self._end - last)}] END")
        return "\n".join(lines)

    @property
    def _duration(self) -> int:
        return self._end - self._start

    @property
    def _share(self) -> int:
        """How long one step may take: the threshold, less that of nested operations, over the number of steps."""
        nested = [step for step in self._steps if isinstance(step, TextTrace)]
        left = self._threshold - sum(trace._threshold for trace in nested)
        steps = len(self._steps) + 1 - len(nested)
        if left < self._threshold // 4:
            left, steps = self._threshold // 4, len(self._steps) + 1
        return left // steps

    def _write_steps(self, lines: list[str], prefix: str, share: int, *, everything: bool) -> int:
        """Add the lines of the steps that took at least `share`, and return the time of the last step."""
        last = self._start
        for step in self._steps:
            if isinstance(step, TextTrace):
                step._write_nested(lines, prefix, share, everything=everything)
                last = step._end
                continue
            taken = step.at - last
            if everything or taken >= share:
                lines.append(f"{prefix}---{_summary(step.name, step.attributes, taken, step.at)}")
            last = step.at
        return last

    def _write_nested(self, lines: list[str], prefix: str, share: int, *, everything: bool) -> None:
        if everything or self._duration >= self._threshold:
            lines.append(f"{prefix}[{_summary(self._name, self._attributes, self._duration, self._start)}")
            self._write_steps(lines, prefix + " ", self._share, everything=everything)
            lines[-1] += "]"
            return
        for step in self._steps:
            if isinstance(step, TextTrace):
                step._write_nested(lines, prefix, share, everything=everything)


class TextTraces:
    """Makes text traces, and logs the slow ones.

    Args:
        everything: Whether fast steps are written too.
        clock: Returns the present time.
    """

    def __init__(self, *, everything: bool = False, clock: Callable[[], int] = time.time_ns) -> None:
        self._everything = everything
        self._clock = clock

    def begin(self, name: str, attributes: Attributes, *, above: TextTrace | None, threshold: int) -> TextTrace:
        """Begin an operation; the arguments are those of `TextTrace`."""
        return TextTrace(name, attributes, above=above, threshold=threshold, clock=self._clock)

    def end(self, trace: TextTrace) -> None:
        """End an operation."""
        if text := trace.end(everything=self._everything):
            logger.info("%s", text)


def _summary(name: str, attributes: Attributes, taken: int, at: int) -> str:
    return f"{quote(name)} {_fields(attributes)}{_milliseconds(taken)}ms ({_time(at)})"


def _fields(attributes: Attributes) -> str:
    written = ",".join(f"{key}:{_value(value)}" for key, value in attributes.items())
    return f"{written} " if written else ""


def _value(value: AttributeValue) -> str:
    return str(value).replace("\n", "\\n").replace("\r", "\\r")


def _milliseconds(taken: int) -> int:
    return taken // 1_000_000


def _date(at: int) -> str:
    return datetime.fromtimestamp(at // 10**9, UTC).strftime("%d-%b-%Y ") + _time(at)


def _time(at: int) -> str:
    seconds, rest = divmod(at, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{rest // 10**6:03d}"
