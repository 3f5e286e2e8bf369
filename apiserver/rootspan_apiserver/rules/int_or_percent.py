"""Numbers of pods: an integer or a percentage of all.

Upstream: pkg/apis/apps/validation/validation.go (ValidatePositiveIntOrPercent, IsNotMoreThan100Percent)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.names import percent
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext


@function("ValidatePositiveIntOrPercent")
def int_or_percent(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An integer that is not negative, or a percentage."""
    if isinstance(value, str):
        for reason in percent(value):
            yield FieldError.invalid(path, value, reason)
    elif value < 0:
        yield FieldError.invalid(path, value, "must be greater than or equal to 0")


@function("IsNotMoreThan100Percent")
def at_most_100_percent(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A percentage is at most 100%."""
    # What does not fit Go's int is no percentage to upstream.
    if isinstance(value, str) and re.fullmatch("0*[0-9]{1,18}%", value) and int(value[:-1].lstrip("0") or 0) > 100:
        yield FieldError.invalid(path, value, "must not be greater than 100%")
