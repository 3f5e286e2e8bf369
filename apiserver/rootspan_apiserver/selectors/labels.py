"""Label selectors: as text (`app=web,tier in (front,back),!old`) and as the `LabelSelector` object of workloads, webhooks and policies.

Both become the same requirements, in the order of their keys; one method matches them and one writes them. In text, `in` and `notin` are
operators after a key and words elsewhere.

Upstream: staging/src/k8s.io/apimachinery/pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.selectors.label_text import read_requirements
from rootspan_apiserver.selectors.requirements import LONG, Operator, Requirement

_BY_NAME: Mapping[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
"""The operators of the object."""


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All `requirements` must hold; without any, everything matches. `nothing` matches no object whatever its labels."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def __bool__(self) -> bool:
        """Return whether it may exclude an object."""
        return self.nothing or bool(self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether an object with these labels is selected."""
        if self.nothing:
            return False
        return all(requirement.matches(labels) for requirement in self.requirements)

    @classmethod
    def of(cls, requirements: Iterable[Requirement]) -> "LabelSelector":
        """Return the selector of the requirements, in the order of their keys."""
        return cls(tuple(sorted(requirements, key=attrgetter("key"))))

    @classmethod
    def parse(cls, text: str) -> "LabelSelector":
        """Read a selector that is text.

        Raises:
            ValueError: with Go's message.
        """
        parse = _parse if len(text) <= LONG else _parse_long
        return parse(text)

    @classmethod
    def from_labels(cls, labels: Mapping[str, str] | None) -> "LabelSelector":
        """Return the selector of exactly these labels, as Services and ReplicationControllers have it. Raises ValueError like `parse`."""
        return cls.of(Requirement(key, "=", (value,)) for key, value in sorted((labels or {}).items()))

    @classmethod
    def from_object(cls, selector: Mapping[str, Any] | None) -> "LabelSelector":
        """Read a `LabelSelector` of meta/v1: None matches nothing, an empty one everything.

        Raises:
            ValueError: with Go's message.
        """
        if selector is None:
            return cls(nothing=True)
        found = list(cls.from_labels(selector.get("matchLabels")).requirements)
        for expression in selector.get("matchExpressions") or ():
            name = expression.get("operator") or ""
            if name not in _BY_NAME:
                raise ValueError(f"{quote(name)} is not a valid label selector operator")
            values = tuple(expression.get("values") or ())
            found.append(Requirement(expression.get("key") or "", _BY_NAME[name], values))
        return cls.of(found)


def shown_selector(selector: Mapping[str, Any] | None) -> str:
    """Write a `LabelSelector` of meta/v1 for a table: `<none>` for one without requirements, `<error>` for an invalid one."""
    try:
        return str(LabelSelector.from_object(selector)) or "<none>"
    except ValueError:
        return "<error>"


def _read(text: str) -> LabelSelector:
    return LabelSelector.of(read_requirements(text))


_parse, _parse_long = lru_cache(maxsize=256)(_read), lru_cache(maxsize=8)(_read)
