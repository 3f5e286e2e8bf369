"""Evaluations: values, errors and costs. Those of the tables were printed by cel-go."""

from collections.abc import Mapping
from typing import Any

import pytest

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.frames import FailedValue
from rootspan_apiserver.rules.cel.implementations.authorization import (
    AuthorizerValue,
    CELAccessAnswer,
    CELAccessQuestion,
)
from rootspan_apiserver.rules.cel.implementations.conversions import plain_float, write_duration
from rootspan_apiserver.rules.cel.implementations.moments import write_timestamp
from rootspan_apiserver.rules.cel.programs import CELProgram, EvaluationResult
from rootspan_apiserver.rules.cel.types import AUTHORIZER, DYN, INT
from rootspan_apiserver.rules.cel.values import Duration, OptionalValue, Timestamp, TypeValue, shown
from tests.apiserver.rules.cel.evaluated import ERRORS, VALUES


def program(text: str, **variables: Any) -> CELProgram:
    """Return the program of an expression, with the types of its variables."""
    environment = base_environment().extended(variables=variables)
    return CELProgram(compiled(text, environment), environment)


def evaluate(text: str, variables: Mapping[str, Any] | None = None, cost_limit: int | None = None) -> EvaluationResult:
    """Evaluate an expression whose variables may be of any type."""
    known = variables or {}
    return program(text, **dict.fromkeys(known, DYN)).evaluate(known, cost_limit)


def printed(value: Any) -> str:
    """Return a value as cel-go prints it."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case UInt():
            return f"{int(value)}u"
        case float():
            names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
            text = plain_float(value) if str(value) not in names else f'double("{names[str(value)]}")'
            return text if "." in text or "(" in text else f"{text}.0"
        case str():
            return quote(value)
        case bytes():
            return 'b"' + "".join(f"\\{byte:03o}" for byte in value) + '"'
        case list():
            return f"[{', '.join(map(printed, value))}]"
        case dict():
            return "{" + ", ".join(sorted(f"{printed(key)}: {printed(each)}" for key, each in value.items())) + "}"
        case OptionalValue():
            return f"optional.of({printed(value.value)})" if value.has_value else "optional.none()"
        case Duration():
            return f'duration("{write_duration(value)}")'
        case Timestamp():
            return f'timestamp("{write_timestamp(Timestamp(value.nanoseconds))}")'
        case TypeValue():
            return value.name
    return shown(value)


@pytest.mark.parametrize(("text", "value", "cost"), VALUES, ids=[row[0] for row in VALUES])
def test_value_and_cost_are_those_of_cel_go(text: str, value: str, cost: int) -> None:
    """An expression has the value and the cost that cel-go prints."""
    found = evaluate(text)
    assert (printed(found.value), found.cost) == (value, cost)


@pytest.mark.parametrize(("text", "error"), ERRORS, ids=[row[0] for row in ERRORS])
def test_error_is_that_of_cel_go(text: str, error: str) -> None:
    """An evaluation without a value raises cel-go's error."""
    with pytest.raises(CELEvaluationError) as raised:
        evaluate(text)
    assert str(raised.value) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x.a.b", "no such key: b"),
        ("x.l[3]", "index out of bounds: 3"),
        ("x.l['a']", "unsupported index type 'string' in list"),
        ("x.n + 'a'", "no such overload"),
        ("x.l <= 1", "no such overload: _<=_"),
        ("!x.n", "no such overload"),
        ("x.n.startsWith('a')", "no such overload"),
        ("x.n.lowerAscii()", "no such overload: lowerAscii(int)"),
        ("x.n && true", "no such overload"),
        ("x[x.l]", "invalid qualifier type: []interface {}"),
        ("x.n.all(y, true)", "got 'types.Int', expected iterable type"),
        ("y", "no such attribute(s): y"),
    ],
)
def test_error_of_unknown_types_is_that_of_cel_go(text: str, error: str) -> None:
    """What the checker cannot know is refused when it is evaluated."""
    known = program(text, x=DYN, y=DYN)
    with pytest.raises(CELEvaluationError) as raised:
        known.evaluate({"x": {"a": {}, "l": [1], "n": 5}})
    assert str(raised.value) == error


def test_wrong_constant_is_found_when_program_is_made() -> None:
    """Constants are evaluated once, in advance."""
    with pytest.raises(CELEvaluationError, match=r"^type conversion error from 'string' to 'int'$"):
        program("x == int('a')", x=INT)


def test_evaluation_stops_at_limit() -> None:
    """An evaluation that costs more than its limit has no value, also if it had one."""
    text = "x.map(y, y + 1)"
    whole = evaluate(text, {"x": [1] * 100})
    assert evaluate(text, {"x": [1] * 100}, whole.cost) == whole
    with pytest.raises(CostLimitExceededError, match=r"^operation cancelled: actual cost limit exceeded$") as raised:
        evaluate(text, {"x": [1] * 100_000}, whole.cost)
    assert whole.cost < raised.value.cost < whole.cost + 30


def test_limit_is_not_absorbed_by_logic() -> None:
    """`||` ignores the errors of its operands, and not that the evaluation is over."""
    with pytest.raises(CostLimitExceededError):
        evaluate("x.all(y, y.all(z, z > 0)) || true", {"x": [[1] * 100] * 100}, 500)


def test_interrupted_evaluation_ends() -> None:
    """A loop asks in every round whether it shall go on."""
    rounds = iter([False, False, True])
    with pytest.raises(CELEvaluationError, match=r"^operation interrupted$"):
        program("x.map(y, y)", x=DYN).evaluate({"x": [1] * 5}, interrupted=lambda: next(rounds))


def test_variable_without_value_raises_its_error() -> None:
    """A variable may have an error instead of a value."""
    failed = FailedValue(CELEvaluationError("no value"))
    with pytest.raises(CELEvaluationError, match=r"^no value$"):
        evaluate("x == 1", {"x": failed})


def test_bound_variable_is_evaluated_once_and_only_if_it_is_used() -> None:
    """The variable of `optMap` costs once what its value costs."""
    assert evaluate("x.?a.optMap(v, v + v).orValue(0)", {"x": {"a": 2}}).value == 4
    assert evaluate("x.?b.optMap(v, v + v).orValue(0)", {"x": {"a": 2}}).value == 0


def test_program_is_evaluated_again_with_other_values() -> None:
    """A program keeps nothing of an evaluation."""
    doubled = program("[x, x].map(y, y * 2)", x=INT)
    assert [doubled.evaluate({"x": x}).value for x in (1, 5)] == [[2, 2], [10, 10]]
    assert doubled.variables == {"x"}


def test_authorizer_is_asked() -> None:
    """The checks of an expression reach the authorizer with all that they say, and its answer comes back."""
    questions: list[CELAccessQuestion] = []

    def decide(question: CELAccessQuestion) -> CELAccessAnswer:
        questions.append(question)
        return CELAccessAnswer(allowed=question.verb == "get", reason="because")

    text = (
        "a.group('apps').resource('deployments').subresource('scale').namespace('n').name('d').labelSelector('x=y').check('get').allowed()"
        " && !a.serviceAccount('n', 's').path('/healthz').check('post').allowed() && a.path('/').check('get').reason() == 'because'"
    )
    found = program(text, a=AUTHORIZER).evaluate({"a": AuthorizerValue(decide)})
    assert (found.value, found.cost) == (True, 1_050_127)
    first = CELAccessQuestion(
        verb="get",
        group="apps",
        resource="deployments",
        subresource="scale",
        namespace="n",
        name="d",
        label_selector="x=y",
    )
    account = CELAccessQuestion(verb="post", path="/healthz", service_account=("n", "s"))
    assert questions == [first, account, CELAccessQuestion(verb="get", path="/")]
