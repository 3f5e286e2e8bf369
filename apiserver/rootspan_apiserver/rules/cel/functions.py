"""How a library declares its functions: overloads with their types and the estimate of their cost.

The checker reads the types, the estimator the estimate. What an overload does, and what it cost, is in `implementations` and
`actual_cost.py`, by the id of the overload.

Upstream: github.com/google/cel-go/common/decls/decls.go, checker/cost.go
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rootspan_apiserver.rules.cel.costs import CostRange
from rootspan_apiserver.rules.cel.types import (
    AUTHORIZER,
    BOOL,
    BYTES,
    CIDR,
    DECISION,
    DOUBLE,
    DURATION,
    DYN,
    GROUP_CHECK,
    INT,
    IP,
    NAMED_FORMAT,
    PATH_CHECK,
    QUANTITY,
    RESOURCE_CHECK,
    SEMVER,
    STRING,
    TIMESTAMP,
    UINT,
    URL,
    CELType,
    Kind,
    list_of,
    map_of,
    optional,
    parameter,
    type_of,
)

_NAMES = {"duration": DURATION, "timestamp": TIMESTAMP} | {
    cel_type.name.rpartition(".")[2]: cel_type
    for cel_type in (
        *(BOOL, BYTES, DOUBLE, DYN, INT, STRING, UINT, IP, CIDR, URL, QUANTITY, SEMVER, NAMED_FORMAT),
        *(AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION),
    )
}
_GENERIC: Mapping[str, Callable[..., CELType]] = {"list": list_of, "map": map_of, "optional": optional, "type": type_of}


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """The estimated cost of a call, without that of its arguments, and the size of its result where that is known."""

    cost: CostRange
    result_size: CostRange | None = None


@dataclass(frozen=True, slots=True)
class EstimatedOperand:
    """An argument or receiver of a call, as the estimate sees it.

    Attributes:
        element_size: The size of the elements of a list.
        number: The value of a constant integer, None of anything else.
    """

    type: CELType
    size: CostRange
    element_size: CostRange
    number: int | None


Estimate = Callable[[Sequence[EstimatedOperand]], CallEstimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """One signature of a function. Of a member function the first parameter is the receiver.

    Attributes:
        estimate: Gets the receiver and the arguments. None is a cost of 1.
    """

    id: str
    parameters: tuple[CELType, ...]
    result: CELType
    member: bool = False
    estimate: Estimate | None = None
    type_parameters: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for each in (*self.parameters, self.result) for name in _type_parameters(each))
        object.__setattr__(self, "type_parameters", tuple(names))


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A function and its overloads."""

    name: str
    overloads: tuple[Overload, ...]


@dataclass(frozen=True, slots=True)
class CELLibrary:
    """Functions and types that belong together, such as those of `kubernetes.ip`. The types are those that expressions may name."""

    name: str
    functions: tuple[FunctionDeclaration, ...]
    types: tuple[CELType, ...] = ()


def function(name: str, *overloads: Overload) -> FunctionDeclaration:
    """Return the declaration of a function."""
    return FunctionDeclaration(name, overloads)


def overload(identifier: str, signature: str, estimate: Estimate | None = None) -> Overload:
    """Return an overload by its signature, such as `list(A), int -> A`. Capital letters are type parameters."""
    left, _, right = signature.partition("->")
    return Overload(id=identifier, parameters=_types(left), result=_types(right)[0], estimate=estimate)


def member(identifier: str, signature: str, estimate: Estimate | None = None) -> Overload:
    """Return an overload that is called on its first parameter."""
    left, _, right = signature.partition("->")
    return Overload(id=identifier, parameters=_types(left), result=_types(right)[0], member=True, estimate=estimate)


def functions_of(libraries: Iterable[CELLibrary]) -> dict[str, FunctionDeclaration]:
    """Return the functions of all libraries by name, with the overloads of equal names united."""
    found: dict[str, FunctionDeclaration] = {}
    for library in libraries:
        for declaration in library.functions:
            before = found[declaration.name].overloads if declaration.name in found else ()
            found[declaration.name] = FunctionDeclaration(declaration.name, before + declaration.overloads)
    return found


def _type_parameters(cel_type: CELType) -> Iterator[str]:
    if cel_type.kind is Kind.TYPE_PARAMETER:
        yield cel_type.name
    for each in cel_type.parameters:
        yield from _type_parameters(each)


def _types(text: str) -> tuple[CELType, ...]:
    """Return the types of a list with commas at its top level."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(text[start:position])
            start = position + 1
    return tuple(_type(part.strip()) for part in (*parts, text[start:]) if part.strip())


def _type(text: str) -> CELType:
    name, _, inner = text.partition("(")
    if inner:
        return _GENERIC[name](*_types(inner[:-1]))
    return parameter(name) if len(name) == 1 else _NAMES[name]
