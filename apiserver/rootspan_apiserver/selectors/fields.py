"""Field selectors: `status.phase=Running,metadata.name!=x`, with `\\`, `,` and `=` in values escaped by a backslash.

Upstream: staging/src/k8s.io/apimachinery/pkg/fields/selector.go
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

_TERM = re.compile(r"(?:[^\\,]|\\(?:.|\Z))+", re.DOTALL)
_OPERATOR = re.compile(r"!=|==|=")
_ESCAPE = re.compile(r"\\(?:.|\Z)|[^\\]", re.DOTALL)
"""A character of a value, with the backslash before it."""
_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """`terms` are (field, equal?, value); all must hold, and a field an object lacks is empty."""

    terms: tuple[tuple[str, bool, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, fields: Mapping[str, str]) -> bool:
        return all((fields.get(field, "") == value) is equal for field, equal, value in self.terms)

    def required(self, field: str) -> str | None:
        """The one value `field` must have to match, if there is one."""
        for name, equal, value in self.terms:
            if name == field and equal:
                return value
        return None

    def check(self, selectable: Collection[str]) -> None:
        """
        Raises:
            ValueError: a field is not among `selectable`, the labels a resource's field selectors may use.
        """
        for field, _, _ in self.terms:
            if field not in selectable:
                if set(selectable) <= _ALWAYS:
                    known = 'only "metadata.name", "metadata.namespace"'
                    raise ValueError(f'"{field}" is not a known field selector: {known}')
                raise ValueError(f"field label not supported: {field}")

    @classmethod
    def parse(cls, text: str) -> "FieldSelector":
        """
        Raises:
            ValueError: with the API's message.
        """
        return _parse(text)


@lru_cache(maxsize=256)
def _parse(text: str) -> FieldSelector:
    terms = []
    for term in sorted(filter(None, _TERM.findall(text))):
        operator = _OPERATOR.search(term)
        if operator is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        value = _unescaped(term[operator.end() :])
        terms.append((term[: operator.start()], operator[0] != "!=", value))
    return FieldSelector(tuple(terms))


def _unescaped(value: str) -> str:
    found = []
    for part in _ESCAPE.findall(value):
        if part in (",", "="):
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(part)}")
        if part.startswith("\\") and part[1:] not in ("\\", ",", "="):
            raise ValueError(f"invalid field selector: invalid escape sequence: {part}")
        found.append(part[-1])
    return "".join(found)
