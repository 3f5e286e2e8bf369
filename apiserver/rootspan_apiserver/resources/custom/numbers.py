"""Whether a number is within the limits of a schema, and within the range of its type and format.

Upstream: k8s.io/kube-openapi/pkg/validation/validate/{validator,values}.go
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.go_values import go_format
from rootspan_apiserver.resources.custom.result import Result

_LARGEST_FLOAT32 = 3.4028235677973366e38
"""From here on a number is rounded to infinity."""
_LARGEST_WHOLE = 2.0**53 - 1
_RELATIVE_ERROR = 1e-9


def is_whole(value: float) -> bool:
    """Return whether a number is an integer to a JSON parser: of at most 53 bits, and but for a rounding error."""
    if not abs(value) <= _LARGEST_WHOLE:
        return False
    cut = float(math.trunc(value))
    return value == cut or (cut != 0 and abs(value - cut) / (abs(value) + abs(cut)) < _RELATIVE_ERROR)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The type of a schema, "" if there are several, and its format."""

    type: str
    format: str

    def fault(self, number: float, what: str, path: str) -> str:
        """Return why a number cannot be one of its type and format, "" if it can."""
        if self.type == "integer":
            bits = 31 if self.format == "int32" else 63
            if number == math.trunc(number) and -(2**bits) <= number < 2**bits:
                return ""
        elif self.format != "float" or abs(number) < _LARGEST_FLOAT32:
            return ""
        of_format = f"with format {self.format}" if self.format else "(default format)"
        return f"{what} value must be of type {self.type} {of_format} in {path}"


def check_number(value: float, limits: Mapping[str, Any], path: str, form: NumberFormat, result: Result) -> None:
    """Add the limits that `value` exceeds.

    Args:
        limits: `multipleOf`, `minimum` and the like, by their OpenAPI names.
    """

    def fits(number: float, what: str) -> bool:
        if fault := form.fault(number, what, path):
            result.without_field(fault)
        return not fault

    fits(value, "Checked")
    if (factor := limits.get("multipleOf")) is not None:
        whole = fits(factor, "MultipleOf") and isinstance(value, int)
        _check_factor(value, int(factor) if whole else float(factor), path, result)
    for name, what, comparison in (("minimum", "Minimum", "greater"), ("maximum", "Maximum", "less")):
        if (limit := limits.get(name)) is None:
            continue
        whole = fits(limit, f"{what} boundary") and isinstance(value, int)
        limit = int(limit) if whole else float(limit)
        exclusive = limits.get(f"exclusive{what}")
        beyond = value < limit if name == "minimum" else value > limit
        if beyond or (exclusive and value == limit):
            than = f"{comparison} than" if exclusive else f"{comparison} than or equal to"
            result.invalid(path, value, f"{path} in body should be {than} {go_format(limit)}")
    result.matches += 1


def _check_factor(value: float, factor: float, path: str, result: Result) -> None:
    if factor <= 0:
        result.invalid(path, factor, f"factor MultipleOf declared for {path} must be positive: {go_format(factor)}")
    elif value % factor if isinstance(factor, int) else not is_whole(_quotient(value, factor)):
        result.invalid(path, value, f"{path} in body should be a multiple of {go_format(factor)}")


def _quotient(value: float, factor: float) -> float:
    return 1 / factor * value if factor < 1 else value / factor
