"""The `Accept` header, parsed into its clauses in the order in which the client prefers them.

Upstream: vendor/github.com/munnerz/goautoneg/autoneg.go
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_LONGEST_CACHED = 1024
_INSERTION_SORTED = 12
"""Go sorts up to this many values by insertion, which decides where its order is not a total one."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One media range, e.g. `application/json;as=Table;q=0.5`; the names are case-sensitive, as they are in Go."""

    type: str
    subtype: str
    parameters: Mapping[str, str]
    quality: float = 1.0

    def matches(self, media_type: str) -> bool:
        """Return whether the range includes `media_type`."""
        main, _, sub = media_type.partition("/")
        if self.type == "*":
            return self.subtype == "*"
        return self.type == main and self.subtype in (sub, "*")

    def precedes(self, other: "Clause") -> bool:
        """Return whether the client prefers this one: a greater quality, or a more specific range."""
        if self.quality > other.quality:
            return True
        return (self.type != "*" and other.type == "*") or (self.subtype != "*" and other.subtype == "*")


def parse_accept(header: str) -> tuple[Clause, ...]:
    """Return the clauses of `header`, the preferred first; what is no media range is left out."""
    return (_parsed if len(header) <= _LONGEST_CACHED else _parsed.__wrapped__)(header)


@lru_cache(maxsize=1024)
def _parsed(header: str) -> tuple[Clause, ...]:
    clauses = [clause for text in header.split(",") if (clause := _clause(text)) is not None]
    if len(clauses) > _INSERTION_SORTED:
        return tuple(sorted(clauses, key=lambda clause: (-clause.quality, clause.type == "*", clause.subtype == "*")))
    for index in range(1, len(clauses)):
        while index > 0 and clauses[index].precedes(clauses[index - 1]):
            clauses[index - 1], clauses[index] = clauses[index], clauses[index - 1]
            index -= 1
    return tuple(clauses)


def _clause(text: str) -> Clause | None:
    media_range, *rest = text.split(";")
    parts = [part.strip(" ") for part in media_range.split("/")]
    if parts == ["*"]:
        parts = ["*", "*"]
    if len(parts) != 2:
        return None
    parameters, quality = {}, 1.0
    for each in rest:
        name, _, value = each.partition("=")
        if not value or "=" in value.rstrip("="):
            continue  # as if it were not there
        value = value.removesuffix("=")
        if name.strip(" ") == "q":
            quality = _quality(value)
        else:
            parameters[name.strip(" ")] = value.strip(" ")
    return Clause(parts[0], parts[1], parameters, quality)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def preferred(header: str, media_types: Sequence[str]) -> str | None:
    """Return which of `media_types` the client prefers, the first where it has no preference, None where it accepts none."""
    for clause in parse_accept(header or "*/*"):
        for media_type in media_types:
            if clause.matches(media_type):
                return media_type
    return None
