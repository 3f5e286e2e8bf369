"""The implementations of the functions, one module for each library: a mapping from the id of an overload to a function.

A function gets the values of the arguments (`values.py`), whose types are those of the overload, and returns a value or raises
`CELEvaluationError`. `DYNAMIC` has the operators by name, for arguments whose types are known only when they are evaluated.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.rules.cel.implementations import (
    arithmetic,
    authorization,
    conversions,
    formatting,
    json_patches,
    lists,
    maps,
    moments,
    named_formats,
    network,
    optionals,
    quantities,
    regular_expressions,
    relations,
    semver,
    strings,
)

IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **arithmetic.IMPLEMENTATIONS,
        **authorization.IMPLEMENTATIONS,
        **conversions.IMPLEMENTATIONS,
        **formatting.IMPLEMENTATIONS,
        **json_patches.IMPLEMENTATIONS,
        **lists.IMPLEMENTATIONS,
        **maps.IMPLEMENTATIONS,
        **moments.IMPLEMENTATIONS,
        **named_formats.IMPLEMENTATIONS,
        **network.IMPLEMENTATIONS,
        **optionals.IMPLEMENTATIONS,
        **quantities.IMPLEMENTATIONS,
        **regular_expressions.IMPLEMENTATIONS,
        **relations.IMPLEMENTATIONS,
        **semver.IMPLEMENTATIONS,
        **strings.IMPLEMENTATIONS,
    }
)
DYNAMIC: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **arithmetic.DYNAMIC,
        **lists.DYNAMIC,
        **regular_expressions.DYNAMIC,
        **relations.DYNAMIC,
        **strings.DYNAMIC,
        "type": conversions.type_of,
        "dyn": conversions.same,
    }
)
