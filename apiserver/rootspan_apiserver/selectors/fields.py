"""Field selectors: `status.phase=Running,metadata.name!=x`, with `\\`, `,` and `=` in values escaped by a backslash.

Upstream: staging/src/k8s.io/apimachinery/pkg/fields/selector.go
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rootspan_apiserver.selectors.requirements import LONG

_TERM = re.compile(r"(?:[^\\,]|\\(?:.|\Z))+", re.DOTALL)
_OPERATOR = re.compile(r"!=|==|=")
_ESCAPE = re.compile(r"\\(?:.|\Z)|[^\\]", re.DOTALL)
"""A character of a value, with the backslash before it."""
_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """`terms` are (field, equal?, value); all must hold, and a field an object lacks is empty."""

    terms: tuple[tuple[str, bool, str], ...] = ()
    _by_field: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = field(init=False, repr=False, compare=False)
    """Each field with the values that it must have, and those that it must not have."""

    def __post_init__(self) -> None:
        values: dict[str, tuple[set[str], set[str]]] = {}
        for name, equal, value in self.terms:
            values.setdefault(name, (set(), set()))[not equal].add(value)
        grouped = ((name, frozenset(wanted), frozenset(unwanted)) for name, (wanted, unwanted) in values.items())
        object.__setattr__(self, "_by_field", tuple(grouped))

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def names(self) -> frozenset[str]:
        """The fields it looks at."""
        return frozenset([name for name, _, _ in self._by_field])

    def matches(self, fields: Mapping[str, str]) -> bool:
        for name, wanted, unwanted in self._by_field:
            value = fields.get(name, "")
            if value in unwanted or (wanted and wanted != {value}):
                return False
        return True

    def required(self, name: str) -> str | None:
        """The one value the field `name` must have to match, if there is one."""
        for field_name, equal, value in self.terms:
            if field_name == name and equal:
                return value
        return None

    def check(self, selectable: Collection[str]) -> None:
        """
        Raises:
            ValueError: a field is not among `selectable`, the labels a resource's field selectors may use.
        """
        for name, _, _ in self._by_field:
            if name not in selectable:
                if set(selectable) <= _ALWAYS:
                    known = 'only "metadata.name", "metadata.namespace"'
                    raise ValueError(f'"{name}" is not a known field selector: {known}')
                raise ValueError(f"field label not supported: {name}")

    @classmethod
    def parse(cls, text: str) -> "FieldSelector":
        """
        Raises:
            ValueError: with the API's message.
        """
        parse = _parse if len(text) <= LONG else _parse_long
        return parse(text)


def _read(text: str) -> FieldSelector:
    terms = []
    for term in sorted(filter(None, _TERM.findall(text))):
        operator = _OPERATOR.search(term)
        if operator is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        value = _unescaped(term[operator.end() :])
        terms.append((term[: operator.start()], operator[0] != "!=", value))
    return FieldSelector(tuple(terms))


_parse, _parse_long = lru_cache(maxsize=256)(_read), lru_cache(maxsize=8)(_read)


def _unescaped(value: str) -> str:
    found = []
    for part in _ESCAPE.findall(value):
        if part in (",", "="):
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(part)}")
        if part.startswith("\\") and part[1:] not in ("\\", ",", "="):
            raise ValueError(f"invalid field selector: invalid escape sequence: {part}")
        found.append(part[-1])
    return "".join(found)
