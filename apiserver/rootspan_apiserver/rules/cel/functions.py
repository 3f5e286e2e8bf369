"""How a library declares its functions: overloads with types, an implementation, and the two costs.

The checker reads the types, the interpreter the implementation, the estimator and the interpreter the costs.

Upstream: github.com/google/cel-go/common/decls/decls.go, checker/cost.go, interpreter/runtimecost.go
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.rules.cel.types import CELType


@dataclass(frozen=True, slots=True)
class CostRange:
    """The least and the greatest value that a size or cost may have."""

    least: int
    greatest: int


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """The estimated cost of a call, and the size of its result where that is known."""

    cost: CostRange
    result_size: CostRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """One signature of a function. Of a member function the first parameter is the receiver.

    Attributes:
        implementation: Gets the values of the arguments (`values.py`), and returns a value or raises `CELEvaluationError`.
            None where the interpreter has the function itself, as for `&&`.
        actual_cost: Gets the arguments and the result, and returns the cost of the call. None is 1.
        estimate: Gets the sizes of the arguments (None where unknown, then unbounded) and returns the estimate. None is a cost of 1.
    """

    id: str
    parameters: tuple[CELType, ...]
    result: CELType
    member: bool = False
    implementation: Callable[..., Any] | None = None
    actual_cost: Callable[[Sequence[Any], Any], int] | None = None
    estimate: Callable[[Sequence[CostRange | None]], CallEstimate] | None = None


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A function and its overloads."""

    name: str
    overloads: tuple[Overload, ...]


@dataclass(frozen=True, slots=True)
class CELLibrary:
    """Functions, constants and types that belong together, such as those of `kubernetes.ip`."""

    name: str
    functions: tuple[FunctionDeclaration, ...]
    types: tuple[CELType, ...] = ()


def functions_of(libraries: Iterable[CELLibrary]) -> dict[str, FunctionDeclaration]:
    """Return the functions of all libraries by name, with the overloads of equal names united."""
    found: dict[str, FunctionDeclaration] = {}
    for library in libraries:
        for function in library.functions:
            before = found[function.name].overloads if function.name in found else ()
            found[function.name] = FunctionDeclaration(function.name, before + function.overloads)
    return found
