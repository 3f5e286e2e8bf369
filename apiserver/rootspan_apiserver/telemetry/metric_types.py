"""Counters, gauges and histograms, as cheap as the request path needs them: a dictionary of children by the values of their labels.

They belong to one event loop. A scrape sees each number whole.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, Protocol, TypeVar

from rootspan_apiserver.kube.go_numbers import format_float

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An observation, and the trace it was made in."""

    trace_id: str
    value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of an exposition. `suffix` follows the name of the family; `bound` is the upper bound of a histogram's bucket."""

    suffix: str
    labels: Labels
    value: float
    bound: str = ""
    exemplar: Exemplar | None = None


class Number:
    """A number that grows, or that goes up and down."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`."""
        self.value += amount

    def dec(self) -> None:
        """Subtract one."""
        self.value -= 1.0

    def set(self, value: float) -> None:
        """Replace the value."""
        self.value = value

    def reset(self) -> None:
        self.value = 0.0

    def samples(self, labels: Labels) -> Iterator[Sample]:
        yield Sample("", labels, self.value)


class Distribution:
    """Observations, counted by the upper bounds of buckets."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._exemplars: dict[int, Exemplar] = {}
        self._sum = 0.0

    def observe(self, value: float, trace_id: int | None = None) -> None:
        """Count an observation, with the trace that it was made in."""
        index = bisect_left(self._bounds, value)
        self._counts[index] += 1
        self._sum += value
        if trace_id is not None:
            self._exemplars[index] = Exemplar(f"{trace_id:032x}", value)

    def reset(self) -> None:
        self._counts = [0] * len(self._counts)
        self._exemplars.clear()
        self._sum = 0.0

    def samples(self, labels: Labels) -> Iterator[Sample]:
        bounds = [*map(format_float, self._bounds), "+Inf"]
        totals = list(accumulate(self._counts))
        for index, (bound, total) in enumerate(zip(bounds, totals, strict=True)):
            yield Sample("_bucket", labels, total, bound, self._exemplars.get(index))
        yield Sample("_sum", labels, self._sum)
        yield Sample("_count", labels, totals[-1])


class TimeDistribution:
    """The nanoseconds that a value spent in each bucket."""

    __slots__ = ("_bounds", "_nanoseconds", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._nanoseconds = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def spend(self, value: float, seconds: float) -> None:
        """Count the time during which the value was `value`."""
        nanoseconds = round(seconds * 1e9)
        self._nanoseconds[bisect_left(self._bounds, value)] += nanoseconds
        self._sum += value * nanoseconds

    def reset(self) -> None:
        self._nanoseconds = [0] * len(self._nanoseconds)
        self._sum = 0.0

    def samples(self, labels: Labels) -> Iterator[Sample]:
        totals = list(accumulate(self._nanoseconds))
        for bound, total in zip([*map(format_float, self._bounds), "+Inf"], totals, strict=True):
            yield Sample("_bucket", labels, total, bound)
        yield Sample("_sum", labels, self._sum)
        yield Sample("_count", labels, totals[-1])


class _Child(Protocol):
    def reset(self) -> None: ...

    def samples(self, labels: Labels) -> Iterator[Sample]: ...


T = TypeVar("T", bound=_Child)


class Family(Generic[T]):
    """A metric: its children by the values of their labels, in the order of `names`."""

    def __init__(self, kind: str, name: str, description: str, names: Labels, make: Callable[[], T]) -> None:
        self.kind = kind
        self.name = name
        self.description = description
        self.names = names
        self._make = make
        self._children: dict[Labels, T] = {}

    def labels(self, *values: str) -> T:
        """Return the child with these values of the labels."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._make()
        return child

    def include(self, child: T, *values: str) -> None:
        """Make `child`, which another object counts with, the one with these values of the labels."""
        self._children[values] = child

    def reset(self) -> None:
        """Begin again at zero; who counts with a child goes on with it."""
        for child in self._children.values():
            child.reset()

    def samples(self) -> Iterator[Sample]:
        """Yield the samples of every child, in the order of their labels."""
        for labels, child in sorted(self._children.items()):
            yield from child.samples(labels)


class Computed:
    """A gauge or counter whose values are computed when it is read: `read` returns them by the values of the labels."""

    def __init__(
        self,
        name: str,
        description: str,
        names: Labels,
        read: Callable[[], Mapping[Labels, float]],
        *,
        kind: str = "gauge",
    ) -> None:
        self.kind = kind
        self.name = name
        self.description = description
        self.names = names
        self._read = read

    def samples(self) -> Iterator[Sample]:
        """Yield the samples, in the order of their labels."""
        for labels, value in sorted(self._read().items()):
            yield Sample("", labels, value)


AnyFamily = Family[Number] | Family[Distribution] | Family[TimeDistribution] | Computed


def counter(name: str, description: str, *names: str) -> Family[Number]:
    """Return a counter; its name ends in `_total`."""
    return Family("counter", name, description, names, Number)


def gauge(name: str, description: str, *names: str) -> Family[Number]:
    """Return a gauge."""
    return Family("gauge", name, description, names, Number)


def histogram(name: str, description: str, *names: str, bounds: Iterable[float]) -> Family[Distribution]:
    """Return a histogram; the last bucket, without a bound, comes by itself."""
    fixed = tuple(bounds)
    return Family("histogram", name, description, names, lambda: Distribution(fixed))
