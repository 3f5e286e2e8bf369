"""Values that are declared as times and are texts, as in the metadata of `namespaceObject`, which has no types when it is evaluated.

Upstream: github.com/google/cel-go/common/decls/decls.go (MaybeNoSuchOverload)
"""

from collections.abc import Callable, Sequence
from typing import Any

from rootspan_apiserver.rules.cel.types import CELType, Kind
from rootspan_apiserver.rules.cel.values import Timestamp, no_such_overload


def refusing_texts(
    function: str, implementation: Callable[..., Any], parameters: Sequence[CELType]
) -> Callable[..., Any]:
    """Return the implementation of an overload that refuses texts for times; itself where it has no times."""
    places = [index for index, parameter in enumerate(parameters) if parameter.kind is Kind.TIMESTAMP]
    if not places:
        return implementation

    def run(*values: Any) -> Any:
        if any(values[place].__class__ is not Timestamp for place in places):
            raise no_such_overload() if function.startswith("_") else no_such_overload(function, *values)
        return implementation(*values)

    return run
