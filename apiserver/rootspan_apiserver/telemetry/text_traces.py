"""Slow requests told in the log: each step of what took longer than its threshold, as k8s.io/utils/trace writes it.

A trace of text is there for every request, sampled or not, when the server is asked to be that verbose (`-v=2`). It begins with the span of
a verb; spans below it are nested in it, and only the outermost one writes. A step is written if it took more than its share of the
threshold, and with `-v=4` in any case.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from opentelemetry.util.types import AttributeValue

from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.go_quote import quote

THRESHOLD = 500_000_000
THRESHOLDS = {"SerializeObject": 5_000_000_000}
logger = logging.getLogger(__name__)

Attributes = Mapping[str, AttributeValue]


class TextTrace:
    """One operation: its steps, and those of the operations below it. Times are in nanoseconds."""

    def __init__(self, name: str, attributes: Attributes, above: "TextTrace | None", clock: Callable[[], int]) -> None:
        self._name = name
        self._attributes = attributes
        self._above = above
        self._clock = clock
        self._threshold = THRESHOLDS.get(name, THRESHOLD)
        self._steps: list[TextTrace | tuple[str, Attributes, int]] = []
        self._start = self._end = clock()
        if above is not None:
            above._steps.append(self)

    def event(self, name: str, attributes: Attributes | None = None) -> None:
        self._steps.append((name, attributes or {}, self._clock()))

    def end(self, *, everything: bool) -> str | None:
        """What is to be written: the whole trace if this is the outermost and took long enough."""
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
        """What one step may take: the threshold, less that of nested traces, over the number of steps."""
        nested = [step for step in self._steps if isinstance(step, TextTrace)]
        left = self._threshold - sum(trace._threshold for trace in nested)
        steps = len(self._steps) + 1 - len(nested)
        if left < self._threshold // 4:
            left, steps = self._threshold // 4, len(self._steps) + 1
        return left // steps

    def _write_steps(self, lines: list[str], prefix: str, share: int, *, everything: bool) -> int:
        """Adds the lines of the steps that are worth it; the time of the last step."""
        last = self._start
        for step in self._steps:
            if isinstance(step, TextTrace):
                step._write_nested(lines, prefix, share, everything=everything)
                last = step._end
                continue
            name, attributes, at = step
            if everything or at - last >= share:
                lines.append(f"{prefix}---{_summary(name, attributes, at - last, at)}")
            last = at
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
    """Makes traces of text, and logs those that took long enough: with `everything`, all of their steps."""

    def __init__(self, *, everything: bool = False, clock: Callable[[], int] = time.time_ns) -> None:
        self._everything = everything
        self._clock = clock

    def begin(self, name: str, attributes: Attributes, above: TextTrace | None) -> TextTrace:
        return TextTrace(name, attributes, above, self._clock)

    def end(self, trace: TextTrace) -> None:
        if text := trace.end(everything=self._everything):
            logger.info("%s", text)


def _summary(name: str, attributes: Attributes, duration: int, at: int) -> str:
    return f"{quote(name)} {_fields(attributes)}{_milliseconds(duration)}ms ({_time(at)})"


def _fields(attributes: Attributes) -> str:
    written = ",".join(f"{key}:{_value(value)}" for key, value in attributes.items())
    return f"{written} " if written else ""


def _value(value: AttributeValue) -> str:
    return str(value).replace("\n", "\\n").replace("\r", "\\r")


def _milliseconds(duration: int) -> int:
    return duration // 1_000_000


def _date(at: int) -> str:
    return datetime.fromtimestamp(at // 10**9, UTC).strftime("%d-%b-%Y ") + _time(at)


def _time(at: int) -> str:
    seconds, rest = divmod(at, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}.{rest // 10**6:03d}"
