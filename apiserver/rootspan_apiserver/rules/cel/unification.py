"""Whether a type fits another, with type parameters bound on the way.

Upstream: github.com/google/cel-go/checker/types.go, mapping.go
"""

from collections.abc import Sequence
from dataclasses import replace

from rootspan_apiserver.rules.cel.types import DYN, CELType, Kind

Bindings = dict[str, CELType]
"""The types of type parameters, by name."""
_DYNAMIC = (Kind.DYN, Kind.ERROR)
_NULLABLE = frozenset((Kind.OPAQUE, Kind.OBJECT, Kind.DURATION, Kind.TIMESTAMP, Kind.NULL))
_COMPOSED = (Kind.LIST, Kind.MAP, Kind.OPAQUE)


def all_assignable(bindings: Bindings, given: Sequence[CELType], wanted: Sequence[CELType]) -> Bindings | None:
    """Return the bindings under which each given type fits the wanted one, None if there are none."""
    if len(given) != len(wanted):
        return None
    trial = dict(bindings)
    return trial if _all_fit(trial, given, wanted) else None


def assignable(bindings: Bindings, given: CELType, wanted: CELType) -> Bindings | None:
    """Return the bindings under which a type fits another, None if there are none."""
    return all_assignable(bindings, (given,), (wanted,))


def most_general(first: CELType, second: CELType) -> CELType:
    """Return the more general of two types that fit each other."""
    return first if _is_less_specific(first, second) else second


def substitute(bindings: Bindings, cel_type: CELType, free_to_dyn: bool = False) -> CELType:
    """Return a type with its type parameters replaced; those without a binding become `dyn` if wanted."""
    if cel_type.kind is Kind.TYPE_PARAMETER:
        bound = bindings.get(cel_type.name)
        if bound is not None:
            return substitute(bindings, bound, free_to_dyn)
        return DYN if free_to_dyn else cel_type
    if not cel_type.parameters:
        return cel_type
    return replace(cel_type, parameters=tuple(substitute(bindings, each, free_to_dyn) for each in cel_type.parameters))


def is_optional(cel_type: CELType) -> bool:
    """Return whether values of the type are optionals."""
    return cel_type.kind is Kind.OPAQUE and cel_type.name == "optional_type"


def _all_fit(bindings: Bindings, given: Sequence[CELType], wanted: Sequence[CELType]) -> bool:
    return all(_fits(bindings, first, second) for first, second in zip(given, wanted, strict=True))


def _fits(bindings: Bindings, first: CELType, second: CELType) -> bool:
    kind1, kind2 = first.kind, second.kind
    if kind2 is Kind.TYPE_PARAMETER:
        fits, is_bound = _binds(bindings, first, second)
        if fits or is_bound:
            return fits
    if kind1 is Kind.TYPE_PARAMETER:
        return _binds(bindings, second, first)[0]
    if kind1 in _DYNAMIC or kind2 in _DYNAMIC:
        return True
    if kind1 is Kind.NULL:
        return kind2 in _NULLABLE
    if kind2 is Kind.NULL:
        return kind1 in _NULLABLE
    if kind1 is not kind2:
        return False
    if kind1 is Kind.TYPE:
        return True
    if kind1 in _COMPOSED:
        same = first.name == second.name and len(first.parameters) == len(second.parameters)
        return same and _all_fit(bindings, first.parameters, second.parameters)
    return first.name == second.name


def _binds(bindings: Bindings, cel_type: CELType, parameter: CELType) -> tuple[bool, bool]:
    """Return whether a parameter may stand for a type, and whether it was bound before."""
    if cel_type == parameter:
        return True, True
    bound = bindings.get(parameter.name)
    if bound is not None:
        if cel_type == bound:
            return True, True
        if not _fits(bindings, cel_type, bound):
            return False, True
        general = most_general(cel_type, bound)
        if not _occurs(bindings, parameter, general):
            bindings[parameter.name] = general
        return True, True
    if _occurs(bindings, parameter, cel_type):
        return False, False
    bindings[parameter.name] = cel_type
    return True, False


def _occurs(bindings: Bindings, parameter: CELType, within: CELType) -> bool:
    if parameter == within:
        return True
    if within.kind is Kind.TYPE_PARAMETER:
        bound = bindings.get(within.name)
        return bound is not None and _occurs(bindings, parameter, bound)
    return any(_occurs(bindings, parameter, each) for each in within.parameters)


def _is_less_specific(first: CELType, second: CELType) -> bool:
    if first.kind in (Kind.DYN, Kind.TYPE_PARAMETER):
        return True
    if second.kind in (Kind.DYN, Kind.TYPE_PARAMETER) or first.kind is not second.kind:
        return False
    if first.kind is Kind.TYPE:
        return True
    if first.kind in _COMPOSED:
        same = first.name == second.name and len(first.parameters) == len(second.parameters)
        return same and all(map(_is_less_specific, first.parameters, second.parameters))
    return first == second
