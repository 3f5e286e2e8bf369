"""What an expression may name: variables, functions, and the types of objects.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/environment/environment.go, base.go; pkg/cel/types.go (DeclTypeProvider)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Protocol

from rootspan_apiserver.rules.cel.functions import CELLibrary, FunctionDeclaration, functions_of
from rootspan_apiserver.rules.cel.types import CELType, SchemaType


class ObjectTypes(Protocol):
    """Knows the object types of an environment by name."""

    def find(self, name: str) -> SchemaType | None:
        """Return the declared type of an object, None if there is none of that name."""
        ...


class NoObjectTypes:
    """An environment without object types."""

    def find(self, name: str) -> SchemaType | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CELEnvironment:
    """Everything that an expression may name. `types` has the types that are values, such as `int` in `type(x) == int`."""

    variables: Mapping[str, CELType]
    functions: Mapping[str, FunctionDeclaration]
    types: Mapping[str, CELType] = field(default_factory=dict)
    objects: ObjectTypes = field(default_factory=NoObjectTypes)

    def extended(
        self,
        variables: Mapping[str, CELType] = MappingProxyType({}),
        objects: ObjectTypes | None = None,
        libraries: Sequence[CELLibrary] = (),
    ) -> "CELEnvironment":
        """Return the environment with more variables and functions, and with the types of objects."""
        added = functions_of(libraries)
        functions = {
            name: FunctionDeclaration(name, self.functions[name].overloads + declaration.overloads)
            if name in self.functions
            else declaration
            for name, declaration in added.items()
        }
        return replace(
            self,
            variables={**self.variables, **variables},
            functions={**self.functions, **functions} if functions else self.functions,
            types={**self.types, **_types_of(libraries)},
            objects=objects or self.objects,
        )


def _types_of(libraries: Sequence[CELLibrary]) -> dict[str, CELType]:
    return {cel_type.name: cel_type for library in libraries for cel_type in library.types}


@cache
def base_environment() -> CELEnvironment:
    """Return the environment that all expressions of Kubernetes 1.36 share."""
    # The libraries are read when the first expression is, not when the server starts.
    from rootspan_apiserver.rules.cel.libraries import (
        authorization,
        conversions,
        lists,
        network,
        optionals,
        standard,
        strings,
        values,
    )

    libraries = (
        standard.STANDARD_LIBRARY,
        conversions.CONVERSION_LIBRARY,
        conversions.TIME_LIBRARY,
        network.URL_LIBRARY,
        strings.REGULAR_EXPRESSION_LIBRARY,
        lists.LIST_LIBRARY,
        authorization.AUTHORIZATION_LIBRARY,
        optionals.OPTIONAL_LIBRARY,
        values.QUANTITY_LIBRARY,
        strings.STRING_LIBRARY,
        lists.SET_LIBRARY,
        network.IP_LIBRARY,
        network.CIDR_LIBRARY,
        values.FORMAT_LIBRARY,
        lists.TWO_VARIABLE_LIBRARY,
        values.SEMVER_LIBRARY,
        lists.LIST_EXTENSION,
    )
    return CELEnvironment(variables={}, functions=functions_of(libraries), types=_types_of(libraries))
