"""CEL expressions over the claims of a token (`claims`), and over the user that they make (`user`).

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/cel/compile.go, mapper.go,
staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go (newClaimsValue, newUserInfoValue)
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.rules.cel.ast import Expression, FunctionCall, Identifier, Literal, Select, children
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import CELEnvironment, base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CELSyntaxError
from rootspan_apiserver.rules.cel.escaping import unescape
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes
from rootspan_apiserver.rules.cel.types import (
    BOOL,
    DYN,
    STRING,
    SchemaField,
    SchemaType,
    list_of,
    map_of,
    object_type,
)
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue

CLAIMS, USER = "claims", "user"
COST_LIMIT = 1_000_000
"""Upstream has none here; an expression of the operator that runs away would hold up all requests."""
_NOT_STRINGS = "expression must return a string or a list of strings"


class ClaimExpressionError(ValueError):
    """An expression does not compile, or is not of the type that is wanted."""


class JSONFields(FieldsValue):
    """An object of JSON. A name with characters that expressions cannot have is escaped: `claims.a__dot__b`."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def find(self, key: str) -> Any:
        name = unescape(key)
        return MISSING if name is None or name not in self._fields else _value(self._fields[name])

    def keys(self) -> Iterable[str]:
        return self._fields.keys()

    def __len__(self) -> int:
        return len(self._fields)


class ClaimExpression:
    """An expression over one variable, `CLAIMS` or `USER`; a condition is true or false.

    Raises:
        ClaimExpressionError: It does not compile.
    """

    def __init__(self, text: str, variable: str, *, is_condition: bool = False) -> None:
        self.text = text
        self._variable = variable
        environment = _environments()[variable]
        try:
            checked = compiled(text, environment)
            if is_condition and checked.output_type != BOOL:
                raise ClaimExpressionError("must evaluate to bool")
            self._program = CELProgram(checked, environment)
        except CELSyntaxError as exc:
            raise ClaimExpressionError(f"compilation failed: {exc}") from exc
        except CELEvaluationError as exc:
            raise ClaimExpressionError(f"program instantiation failed: {exc}") from exc
        self._root = checked.parsed.root

    def evaluate(self, value: JSONFields) -> Any:
        """Return the value of the expression. Raises InvalidCredentialsError."""
        try:
            return self._program.evaluate({self._variable: value}, COST_LIMIT).value
        except CELEvaluationError as exc:
            raise InvalidCredentialsError(f"expression '{self.text}' resulted in error: {exc}") from exc

    def selects(self, field: str) -> bool:
        """Return whether the expression selects a field of its variable."""
        return _selects(self._root, self._variable, field)


def claims_value(claims: Mapping[str, Any]) -> JSONFields:
    """Return the claims of a token for expressions."""
    return JSONFields(claims)


def user_value(user: User) -> JSONFields:
    """Return a user for expressions."""
    extra = {key: list(values) for key, values in user.extra.items()}
    return JSONFields({"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra})


def texts(value: Any) -> tuple[str, ...]:
    """Return a value of an expression as texts, without those that are empty. Raises InvalidCredentialsError."""
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise InvalidCredentialsError(_NOT_STRINGS)
    return tuple(filter(None, values))


@cache
def _environments() -> Mapping[str, CELEnvironment]:
    """Return the environment of each variable."""
    text = SchemaType(type=STRING)
    names = SchemaType(type=list_of(STRING), element=text)
    extra = SchemaType(type=map_of(STRING, list_of(STRING)), key=text, element=names)
    fields = {"username": text, "uid": text, "groups": names, "extra": extra}
    user = SchemaType(
        type=object_type("kubernetes.UserInfo"),
        fields={name: SchemaField(name=name, type=field) for name, field in fields.items()},
    )
    base = base_environment()
    return {
        CLAIMS: base.extended({CLAIMS: map_of(STRING, DYN)}),
        USER: base.extended({USER: user.type}, DeclaredTypes(user)),
    }


def _value(value: Any) -> Any:
    """Return a value of JSON as Go's decoder reads it: every number is a double."""
    if isinstance(value, Mapping):
        return JSONFields(value)
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _selects(node: Expression, variable: str, field: str) -> bool:
    match node:
        case Select(operand=Identifier(name=name), field=selected) if name == variable and selected == field:
            return True
        case FunctionCall(target=None, function="_?._", arguments=(Identifier(name=name), Literal(value=value))) if (
            name == variable and value == field
        ):
            return True
    return any(_selects(child, variable, field) for child in children(node))
