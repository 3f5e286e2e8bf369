"""The expressions of a schema (`x-kubernetes-validations`), compiled: their programs, errors and greatest costs.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go
"""

from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules.cel.ast import CheckedExpression
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import CELEnvironment, base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CELSyntaxError
from rootspan_apiserver.rules.cel.estimated_cost import estimated_cost
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes
from rootspan_apiserver.rules.cel.size_knowledge import SchemaSizes
from rootspan_apiserver.rules.cel.types import BOOL, STRING, CELType, SchemaType, optional

SELF_TYPE = "selfType1"
"""The name of the type of `self`, if it is an object. Upstream has a number that is never the same."""


@dataclass(frozen=True, slots=True)
class SchemaExpression:
    """An expression that can be evaluated; or `error`, why it cannot.

    Attributes:
        uses_old: Whether it reads `oldSelf`.
    """

    program: CELProgram | None = None
    error: str = ""
    uses_old: bool = False
    checked: CheckedExpression | None = None


class SchemaExpressions:
    """Compiles the expressions at one place of a schema, where `self` is of a type."""

    def __init__(self, declared: SchemaType) -> None:
        self._declared = declared
        self._types = DeclaredTypes(declared)
        self._sizes = SchemaSizes(declared)
        self._environments: dict[bool, CELEnvironment] = {}

    def rule(self, rule: JSONObject) -> SchemaExpression:
        """Return the expression of a rule, which says whether a value is valid."""
        return self._compile(rule["rule"], self._environment(rule), BOOL)

    def message(self, rule: JSONObject) -> SchemaExpression:
        """Return the expression of the message of a rule."""
        return self._compile(rule["messageExpression"], self._environment(rule), STRING)

    def cost(self, expression: SchemaExpression) -> int:
        """Return what an evaluation costs at most by the sizes that the schema allows, 0 if there is none."""
        if expression.program is None or expression.checked is None:
            return 0
        return estimated_cost(expression.checked, base_environment(), self._sizes).greatest

    def _environment(self, rule: JSONObject) -> CELEnvironment:
        is_optional = bool(rule.get("optionalOldSelf"))
        if is_optional not in self._environments:
            own = self._declared.type
            variables = {"self": own, "oldSelf": optional(own) if is_optional else own}
            self._environments[is_optional] = base_environment().extended(variables, self._types)
        return self._environments[is_optional]

    def _compile(self, text: str, environment: CELEnvironment, wanted: CELType) -> SchemaExpression:
        of_message = "messageExpression " if wanted is STRING else ""
        try:
            checked = compiled(text, environment)
        except CELSyntaxError as error:
            return SchemaExpression(error=f"{of_message}compilation failed: {error}")
        if checked.output_type != wanted:
            result = (
                "messageExpression must evaluate to a string"
                if of_message
                else "cel expression must evaluate to a bool"
            )
            return SchemaExpression(error=result)
        uses_old = any(reference.name == "oldSelf" for reference in checked.references.values())
        try:
            program = CELProgram(checked, environment)
        except CELEvaluationError as error:
            what = of_message or "program "
            return SchemaExpression(error=f"{what}instantiation failed: {error}", uses_old=uses_old)
        return SchemaExpression(program=program, uses_old=uses_old, checked=checked)
