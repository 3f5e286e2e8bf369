"""The CEL expressions that select devices: what they may name, and what makes one invalid.

Upstream: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go,
pkg/apis/resource/validation/validation.go (validateCELSelector)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path
from rootspan_apiserver.rules.cel.checking import check
from rootspan_apiserver.rules.cel.costs import CostRange
from rootspan_apiserver.rules.cel.environment import CELEnvironment, base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CELSyntaxError
from rootspan_apiserver.rules.cel.estimated_cost import estimated_cost
from rootspan_apiserver.rules.cel.macros import KUBERNETES_MACROS, bind
from rootspan_apiserver.rules.cel.parsing import parse
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes
from rootspan_apiserver.rules.cel.size_knowledge import SizePath
from rootspan_apiserver.rules.cel.types import (
    ANY,
    BOOL,
    QUANTITY,
    STRING,
    CELType,
    SchemaField,
    SchemaType,
    map_of,
    object_type,
)

_COST_LIMIT = 1_000_000
_ATTRIBUTE = SchemaType(type=ANY, max_elements=64)
"""A number, a text, a boolean or a version."""
_MOST_ENTRIES = 32
_MACROS = {**KUBERNETES_MACROS, ("bind", 3, True): bind}


def _map(longest_key: int, value: SchemaType) -> SchemaType:
    key = SchemaType(type=STRING, max_elements=longest_key)
    return SchemaType(type=map_of(STRING, value.type), max_elements=_MOST_ENTRIES, key=key, element=value)


def _by_name(value: SchemaType) -> SchemaType:
    """Return the type of what has a domain and an identifier."""
    return _map(63, _map(32, value))


_FIELDS = {
    "driver": SchemaType(type=STRING, max_elements=63),
    "allowMultipleAllocations": SchemaType(type=BOOL, max_elements=1),
    "attributes": _by_name(_ATTRIBUTE),
    "capacity": _by_name(SchemaType(type=QUANTITY)),
}
_DEVICE = SchemaType(
    type=object_type("kubernetes.DRADevice"),
    fields={name: SchemaField(name=name, type=type_, required=True) for name, type_ in _FIELDS.items()},
)


@dataclass(frozen=True, slots=True)
class InvalidSelector:
    """Why an expression selects no devices; `is_internal` says that upstream blames itself."""

    text: str
    is_internal: bool = False
    is_too_complex: bool = False


def check_selector(expression: str, path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the expression at `path`."""
    fault = _fault(expression)
    if fault is None:
        return
    if fault.is_too_complex:
        yield FieldError.forbidden(path, fault.text)
    elif fault.is_internal:
        yield FieldError(str(path), "InternalError", f"Internal error: {fault.text}")
    else:
        yield FieldError.invalid(path, expression, fault.text)


@cache
def _environment() -> CELEnvironment:
    return base_environment().extended(variables={"device": _DEVICE.type}, objects=DeclaredTypes(_DEVICE))


@lru_cache(maxsize=256)
def _fault(expression: str) -> InvalidSelector | None:
    environment = _environment()
    try:
        checked = check(parse(expression, _MACROS), environment)
    except CELSyntaxError as error:
        return InvalidSelector(f"compilation failed: {error}")
    result = checked.output_type
    if result not in (BOOL, ANY):
        return InvalidSelector(f"must evaluate to bool or the unknown type, not {_in_go(result)}")
    try:
        CELProgram(checked, environment)
    except CELEvaluationError as error:
        return InvalidSelector(f"program instantiation failed: {error}", is_internal=True)
    if estimated_cost(checked, environment, _size_of).greatest > _COST_LIMIT:
        return InvalidSelector("too complex, exceeds cost limit", is_too_complex=True)
    return None


def _size_of(path: SizePath) -> CostRange | None:
    """Return the size of a part of the device. All attributes have one size, whatever their name."""
    declared: SchemaType | None = _DEVICE
    for name in path[1:]:
        if declared is None:
            return None
        if name in ("@items", "@values"):
            declared = declared.element
        elif name == "@keys":
            declared = declared.key
        elif name in declared.fields:
            declared = declared.fields[name].type
        else:
            declared = _ATTRIBUTE if declared.element is _ATTRIBUTE else None
    return CostRange(0, declared.max_elements) if path and path[0] == "device" and declared is not None else None


def _in_go(cel_type: CELType) -> str:
    """Return a type as Go shows it, which differs from messages of the checker for times and attributes."""
    name = "google.protobuf.Any" if cel_type == ANY else cel_type.name
    return f"{name}({', '.join(map(_in_go, cel_type.parameters))})" if cel_type.parameters else name
