"""Which requests the match conditions of a webhook let through."""

import pytest

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.authz.match_conditions import INLINE_ROUNDS, AuthorizationConditions, condition_fault
from rootspan_apiserver.authz.subject_access_review import review_spec
from rootspan_apiserver.authz.webhook import MatchConditionsError
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics
from rootspan_apiserver.telemetry.exposition import exposition

pytestmark = pytest.mark.anyio
BOB = User("bob", "u2", ("dev", "ops"), {"scopes": ("a", "b")})


def asking(path: str, query: str = "", user: User = BOB) -> AuthorizationAttributes:
    return AuthorizationAttributes.of_request(user, resolve("GET", path, query.encode()))


PODS = asking("/api/v1/namespaces/team/pods", "labelSelector=app%3Dweb,!old&fieldSelector=spec.nodeName%3Dn1")


async def matches(*expressions: str, attributes: AuthorizationAttributes = PODS) -> bool:
    conditions = AuthorizationConditions(expressions, "hook", AuthorizationMetrics())
    return await conditions.match(review_spec(attributes))


@pytest.mark.parametrize(
    "expression",
    [
        "request.user == 'bob' && request.uid == 'u2' && 'ops' in request.groups",
        "request.extra['scopes'] == ['a', 'b'] && !('none' in request.extra)",
        "has(request.resourceAttributes) && !has(request.nonResourceAttributes)",
        "request.resourceAttributes.verb == 'list' && request.resourceAttributes.version == 'v1'",
        "request.resourceAttributes.group == '' && request.resourceAttributes.name == ''",
        "request.resourceAttributes.labelSelector.requirements.exists(r, r.key == 'app' && r.values == ['web'])",
        "request.resourceAttributes.labelSelector.requirements.exists(r, r.operator == 'DoesNotExist' && r.values == [])",
        "request.resourceAttributes.fieldSelector.requirements[0].key == 'spec.nodeName'",
        "request.?nonResourceAttributes.path.orValue('none') == 'none'",
        "request.resourceAttributes.namespace.startsWith('te') && size(request.groups) == 2",
    ],
)
async def test_expression_sees_the_review(expression: str) -> None:
    """All fields of the spec are there, also empty texts; a negated expression is false."""
    assert condition_fault(expression) == ""
    assert await matches(expression)
    assert not await matches(f"!({expression})")


async def test_expression_sees_paths() -> None:
    """A request for a path has no resource, and a user without groups has an empty list of them."""
    attributes = asking("/metrics", user=User("ann"))
    assert await matches(
        "!has(request.resourceAttributes)", "request.nonResourceAttributes.path == '/metrics'", attributes=attributes
    )
    assert await matches("request.groups == [] && request.extra == {} && request.uid == ''", attributes=attributes)


async def test_false_condition_counts_more_than_failed_one() -> None:
    """Without a false one the errors of all that failed are the error."""
    failing = "request.extra['x'][0] == 'y'"
    assert not await matches(failing, "false")
    with pytest.raises(MatchConditionsError) as failed:
        await matches("true", failing, "request.extra['scopes'][9] == 'z'")
    assert str(failed.value) == (
        "[cel evaluation error: expression 'request.extra['x'][0] == 'y'' resulted in error: no such key: x, cel evaluation error: "
        "expression 'request.extra['scopes'][9] == 'z'' resulted in error: index out of bounds: 9]"
    )


async def test_long_loops_leave_the_event_loop() -> None:
    """The result is the same; an expression that would run for ever is stopped by its cost."""
    many = User("ann", groups=tuple(f"g{index}" for index in range(INLINE_ROUNDS + 10)))
    attributes = asking("/metrics", user=many)
    assert await matches("request.groups.all(g, g.startsWith('g'))", attributes=attributes)
    with pytest.raises(MatchConditionsError, match="actual cost limit exceeded"):
        await matches(
            "request.groups.all(a, request.groups.all(b, request.groups.all(c, a != '')))", attributes=attributes
        )


async def test_evaluations_are_counted() -> None:
    """Each, and those that exclude a request or fail."""
    metrics = AuthorizationMetrics()
    spec = review_spec(PODS)
    for text in ("true", "false"):
        await AuthorizationConditions([text], "hook", metrics).match(spec)
    with pytest.raises(MatchConditionsError):
        await AuthorizationConditions(["request.extra['x'] == []"], "hook", metrics).match(spec)
    page = exposition(metrics.families()).decode()
    about = '{name="hook",type="Webhook"}'
    for line in (
        f"match_condition_evaluation_seconds_count{about} 3",
        f"match_condition_exclusions_total{about} 1",
        f"match_condition_evaluation_errors_total{about} 1",
    ):
        assert f"apiserver_authorization_{line}\n" in page


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        (
            "request.resourceAttributes.labelSelector",
            "must evaluate to bool but got kubernetes.LabelSelectorAttributes",
        ),
        ("request.groups", "must evaluate to bool but got list(string)"),
        (
            "request.colour == 'red'",
            "compilation failed: ERROR: <input>:1:8: undefined field 'colour'\n | request.colour == 'red'\n | .......^",
        ),
        (
            "object.x",
            "compilation failed: ERROR: <input>:1:1: undeclared reference to 'object' (in container '')\n | object.x\n | ^",
        ),
    ],
)
def test_expression_that_is_no_condition_has_a_fault(expression: str, fault: str) -> None:
    """In the words of cel-go."""
    assert condition_fault(expression) == fault
