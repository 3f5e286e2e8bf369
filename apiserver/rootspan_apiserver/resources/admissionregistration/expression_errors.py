"""The error of an expression that does not compile, in the words of validation.

Upstream: pkg/apis/admissionregistration/validation/validation.go (convertCELErrorToValidationError)
"""

from collections.abc import Iterator

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.expressions import CompiledExpression
from rootspan_apiserver.rules import Path


def expression_errors(expression: CompiledExpression, path: Path, *, shown: str = "") -> Iterator[FieldError]:
    """Yield the error of an expression; `shown` is how it was written, where that differs from what was compiled."""
    if expression.error:
        yield FieldError.invalid(path, shown or expression.text, expression.error)
