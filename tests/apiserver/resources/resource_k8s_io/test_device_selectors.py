"""The CEL expressions that select devices. The messages and costs are those of kube-apiserver."""

import pytest

from rootspan_apiserver.resources.resource_k8s_io.device_selectors import check_selector
from rootspan_apiserver.rules import Path

PATH = Path("expression")
COMPILE = "compilation failed: ERROR: <input>:1:"


def errors(expression: str) -> list[tuple[str, str]]:
    """Return the reason and the message of each error of an expression."""
    return [(error.reason, error.message) for error in check_selector(expression, PATH)]


@pytest.mark.parametrize(
    "expression",
    [
        "device.driver == 'gpu.example.com' && device.allowMultipleAllocations",
        "device.attributes['gpu.example.com'].healthy",
        "device.attributes['gpu.example.com'].version.isGreaterThan(semver('1.0.0'))",
        "device.capacity['gpu.example.com'].memory.compareTo(quantity('2Gi')) >= 0",
        "'model' in device.attributes['gpu.example.com'] || has(device.attributes['a'].b)",
        "device.attributes['gpu.example.com'].?model.orValue('none') == 'a'",
        "cel.bind(gpu, device.attributes['gpu.example.com'], gpu.healthy && gpu.cores > 3)",
    ],
)
def test_selector_of_devices_is_valid(expression: str) -> None:
    """An expression may name what a device has, and yields a boolean or an attribute."""
    assert errors(expression) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("device.memory", f"{COMPILE}7: undefined field 'memory'\n | device.memory\n | ......^"),
        ("self.driver", f"{COMPILE}1: undeclared reference to 'self' (in container '')\n | self.driver\n | ^"),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("device.capacity['a'].b", "must evaluate to bool or the unknown type, not kubernetes.Quantity"),
        ("[duration('1h')]", "must evaluate to bool or the unknown type, not list(google.protobuf.Duration)"),
        ("device.attributes['a']", "must evaluate to bool or the unknown type, not map(string, google.protobuf.Any)"),
        ("device.attributes['a'].b + 1", "must evaluate to bool or the unknown type, not int"),
        ("device.attributes['a'].b.all(c, c)", f"{COMPILE}23: expression of type 'any' cannot be range of a comprehension (must be list, map, or dynamic)\n | device.attributes['a'].b.all(c, c)\n | ......................^"),
        ("cel.bind(1, 2, true)", f"{COMPILE}10: cel.bind() variable names must be simple identifiers\n | cel.bind(1, 2, true)\n | .........^"),
    ],
)  # fmt: skip
def test_selector_that_does_not_compile_is_invalid(expression: str, message: str) -> None:
    """An expression that does not fit a device is refused in the words of the compiler."""
    ((reason, text),) = errors(expression)
    assert reason == "FieldValueInvalid"
    assert text.endswith(f": {message}")


def test_empty_selector_is_invalid() -> None:
    """No expression is a syntax error before the first character."""
    ((_, text),) = errors("")
    assert text.startswith(f"Invalid value: \"\": {COMPILE}0: Syntax error: mismatched input '<EOF>' expecting")


def test_wrong_constant_is_internal_error() -> None:
    """A constant that has no value is found when the program is made, which upstream takes for its own fault."""
    words = "Internal error: program instantiation failed: type conversion error from 'string' to 'int'"
    assert errors("int('x') == 1") == [("InternalError", words)]


def test_costly_selector_is_forbidden() -> None:
    """An expression that may cost more than the limit is refused."""
    loops = "device.attributes.all(a, "
    expression = (
        f"{loops}{loops.replace('(a', '(b')}{loops.replace('(a', '(c')}{loops.replace('(a', '(d')}a == b && c == d))))"
    )
    assert errors(expression) == [("FieldValueForbidden", "Forbidden: too complex, exceeds cost limit")]
