"""Compile the expressions of policies and match conditions.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go, composition.go
"""

from dataclasses import dataclass
from enum import Enum
from functools import cache

from rootspan_apiserver.resources.admissionregistration.expression_types import (
    JSON_PATCH,
    NAMESPACE,
    OBJECT,
    REQUEST,
    VARIABLES,
    AdmissionTypes,
)
from rootspan_apiserver.resources.admissionregistration.patch_objects import ConstructedObject
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import CELEnvironment, base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CELSyntaxError
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.types import (
    AUTHORIZER,
    BOOL,
    DYN,
    NULL,
    RESOURCE_CHECK,
    STRING,
    CELType,
    list_of,
    object_type,
)


class Purpose(Enum):
    """What an expression is for, which says what types its value may have; () is any."""

    CONDITION = (BOOL,)
    MESSAGE = (STRING,)
    AUDIT_ANNOTATION = (STRING, NULL)
    APPLY_CONFIGURATION = (object_type(OBJECT),)
    JSON_PATCHES = (list_of(object_type(JSON_PATCH)),)
    VARIABLE = ()


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """An expression, and its program, or why it has none."""

    text: str
    program: CELProgram | None
    error: str
    output_type: CELType


class ExpressionCompiler:
    """Compiles the expressions of one policy, or of the match conditions of one webhook.

    Args:
        has_params: whether `params` can be named.
        composed: whether `variables` can be named.

    Attributes:
        variables: the variables that are defined so far.
    """

    def __init__(self, *, has_params: bool = False, composed: bool = False) -> None:
        self._has_params = has_params
        self._composed = composed
        self.variables: dict[str, CompiledExpression] = {}

    def define(self, name: str, text: str) -> CompiledExpression:
        """Compile a variable, which later expressions can name; one that does not compile is of any type for them."""
        found = self.compile(text, Purpose.VARIABLE)
        self.variables[name] = found
        return found

    def compile(self, text: str, purpose: Purpose) -> CompiledExpression:
        """Return the compiled expression."""
        patches = purpose in (Purpose.APPLY_CONFIGURATION, Purpose.JSON_PATCHES)
        environment = _environment(self._has_params, purpose is not Purpose.MESSAGE, patches)
        if self._composed:
            types = AdmissionTypes({name: each.output_type for name, each in self.variables.items()}, patches=patches)
            environment = environment.extended({"variables": object_type(VARIABLES)}, types)
        try:
            checked = compiled(text, environment)
        except CELSyntaxError as exc:
            return CompiledExpression(text, None, f"compilation failed: {exc}", DYN)
        found, wanted = checked.output_type, purpose.value
        if wanted and found not in wanted:
            names = list(map(_name, wanted))
            expected = names[0] if len(names) == 1 else f"one of [{' '.join(names)}]"
            return CompiledExpression(text, None, f"must evaluate to {expected} but got {_name(found)}", DYN)
        try:
            program = CELProgram(checked, environment, ConstructedObject if patches else None)
        except CELEvaluationError as exc:
            return CompiledExpression(text, None, f"program instantiation failed: {exc}", DYN)
        return CompiledExpression(text, program, "", found)


@cache
def _environment(has_params: bool, has_authorizer: bool, patches: bool) -> CELEnvironment:
    variables = {
        "object": DYN,
        "oldObject": DYN,
        "namespaceObject": NAMESPACE.type,
        "request": REQUEST.type,
    }
    if has_params:
        variables["params"] = DYN
    if has_authorizer:
        variables |= {"authorizer": AUTHORIZER, "authorizer.requestResource": RESOURCE_CHECK}
    # The libraries are read when the first expression is, not when the server starts.
    from rootspan_apiserver.rules.cel.libraries.strings import JSON_PATCH_LIBRARY

    libraries = (JSON_PATCH_LIBRARY,) if patches else ()
    return base_environment().extended(variables, AdmissionTypes(patches=patches), libraries)


def _name(kind: CELType) -> str:
    """Return a type as cel-go writes it, such as `list(JSONPatch)`."""
    return f"{kind.name}({', '.join(map(_name, kind.parameters))})" if kind.parameters else kind.name
