"""What classes of volumes say to a driver: its name, and its parameters.

Upstream: pkg/apis/storage/validation/validation.go (validateProvisioner, validateParameters)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function, required

PARAMETERS_LIMIT = 512
PARAMETERS_SIZE_LIMIT = 256 * 1024


@function("validateProvisioner")
def _qualified(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A qualified name in any case; an error shows it in lower case."""
    lowered = value.lower()
    yield from (FieldError.invalid(path, lowered, reason) for reason in qualified_name(lowered))


driver = required & _qualified
"""The name of the driver that makes volumes of a class."""


@function("validateParameters")
def parameters(value: dict[str, str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 512 keys that are not empty, and 256 kB of keys and values."""
    if len(value) > PARAMETERS_LIMIT:
        yield FieldError.too_long(path, PARAMETERS_LIMIT)
        return
    if "" in value:
        yield FieldError.invalid(path, "", "field can not be empty.")
    if sum(len(key.encode()) + len((text or "").encode()) for key, text in value.items()) > PARAMETERS_SIZE_LIMIT:
        yield FieldError.too_long(path, PARAMETERS_SIZE_LIMIT)
