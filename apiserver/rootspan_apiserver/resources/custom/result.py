"""What validating a value against a schema finds: errors, and a count of matches that tells the closest of alternative schemas.

Upstream: k8s.io/kube-openapi/pkg/validation/validate/result.go, k8s.io/kube-openapi/pkg/validation/errors/schema.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go (kubeOpenAPIResultToFieldErrors)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path

NO_FIELD = "<nil>"
"""The field of an error that upstream has no path for."""


@dataclass(slots=True)
class Result:
    """Errors by their texts, each once; `matches` counts the checks that were made."""

    errors: dict[str, FieldError] = field(default_factory=dict)
    matches: int = 0

    def add(self, text: str, error: FieldError) -> None:
        """Add an error, unless one with this text is there already."""
        self.errors.setdefault(text, error)

    def merge(self, other: "Result") -> None:
        """Add what another result has found."""
        for text, error in other.errors.items():
            self.errors.setdefault(text, error)
        self.matches += other.matches

    def invalid(self, path: str, value: Any, text: str) -> None:
        """Add an error whose message ends with its text."""
        self.add(text, FieldError.invalid(path, shown(value), text))

    def without_field(self, text: str) -> None:
        """Add an error that names no field."""
        self.add(text, FieldError.invalid(NO_FIELD, "", text))

    def wrong_type(self, path: str, wanted: str, actual: str) -> None:
        """Add that the value at `path` is not of the type or format `wanted`."""
        text = f"{path} in body must be of type {wanted}: {quote(actual)}"
        self.add(text, FieldError.type_invalid(path, actual, text))

    def placed(self, at: Path | None) -> Iterator[FieldError]:
        """Yield the errors of a value that is at `at`; None is the whole object."""
        for error in self.errors.values():
            inner = "" if error.field in (NO_FIELD, ".") else error.field.removeprefix(".")
            if at is None:
                yield replace(error, field=inner or NO_FIELD)
            else:
                yield replace(error, field=f"{at}.{inner}" if inner else str(at))


def shown(value: Any) -> Any:
    """Return a value with the keys of its objects in the order in which Go writes them."""
    if isinstance(value, dict | list):
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
    return value
