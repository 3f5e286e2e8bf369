"""What a type requires and an object lacks, for the kinds that have no rules of their own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Line, Path, Rule, RuleContext
from rootspan_apiserver.types.schema import Schema, schema_of


@dataclass(frozen=True)
class RequiredByType(Rule):
    """The fields that a kind's type requires are there, those of metadata and status excepted."""

    kind: GroupVersionKind

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        return missing(value, schema_of(self.kind))

    def describe(self) -> Iterator[Line]:
        yield Line("", "what the type requires")


def missing(obj: JSONObject, schema: Schema, path: str = "") -> list[FieldError]:
    """A `Required value` for each required text that is empty and each required struct that is absent."""
    errors: list[FieldError] = []
    for key, child in schema.properties.items():
        if not path and key in ("metadata", "status"):
            continue
        at = f"{path}.{key}" if path else key
        value = obj.get(key)
        if (
            key in schema.required
            and (value is None or value == "")
            and child.type not in ("array", "integer", "number")
        ):
            errors.append(FieldError.required(at))
        elif isinstance(value, dict) and child.properties:
            errors += missing(value, child, at)
        elif isinstance(value, dict) and child.additional is not None and child.additional.properties:
            for name, item in sorted(value.items()):
                if isinstance(item, dict):
                    errors += missing(item, child.additional, f"{at}[{name}]")
        elif isinstance(value, list) and child.items is not None and child.items.properties:
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    errors += missing(item, child.items, f"{at}[{index}]")
    return errors
