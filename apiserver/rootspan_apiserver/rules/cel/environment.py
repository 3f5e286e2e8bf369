"""What an expression may name: variables, functions, and the types of objects.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/environment/environment.go, base.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rootspan_apiserver.rules.cel.functions import FunctionDeclaration
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
    """Everything that an expression may name."""

    variables: Mapping[str, CELType]
    functions: Mapping[str, FunctionDeclaration]
    objects: ObjectTypes = field(default_factory=NoObjectTypes)
