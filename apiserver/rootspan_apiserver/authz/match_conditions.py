"""The match conditions of a webhook: CEL expressions on the SubjectAccessReview that it would be sent.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/cel/compile.go, matcher.go
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from time import perf_counter
from typing import Any

from rootspan_apiserver.authz.webhook import MatchConditionsError
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import CELEnvironment, base_environment
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CELSyntaxError
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes
from rootspan_apiserver.rules.cel.types import (
    BOOL,
    STRING,
    CELType,
    SchemaField,
    SchemaType,
    list_of,
    map_of,
    object_type,
)
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics

COST_LIMIT = 1_000_000
INLINE_ROUNDS = 1_000
"""The rounds of loops for which conditions may run on the event loop: about a millisecond."""
_TEXTS = ("namespace", "verb", "group", "version", "resource", "subresource", "name")


class _WorkerNeededError(Exception):
    """The conditions take too long for the event loop."""


class AuthorizationConditions:
    """Says which requests a webhook is asked about: those for which all expressions are true.

    Args:
        name: The webhook, in the metrics.
    """

    def __init__(self, expressions: Sequence[str], name: str, metrics: AuthorizationMetrics) -> None:
        self._programs = [(each, _program(each)) for each in expressions]
        self._name = name
        self._metrics = metrics

    async def match(self, spec: JSONObject) -> bool:
        """Return whether the spec of a review matches. Raises MatchConditionsError if one condition failed and none is false."""
        started, excluded, failed = perf_counter(), False, False
        try:
            matches = await self._evaluated(request_of(spec))
            excluded = not matches
        except MatchConditionsError:
            failed = True
            raise
        finally:
            self._metrics.conditions_evaluated(self._name, perf_counter() - started, excluded=excluded, failed=failed)
        return matches

    async def _evaluated(self, request: JSONObject) -> bool:
        try:
            return self._evaluate(request, _Rounds().count)
        except _WorkerNeededError:
            return await asyncio.to_thread(partial(self._evaluate, request, None))

    def _evaluate(self, request: JSONObject, interrupted: Callable[[], bool] | None) -> bool:
        errors = []
        for text, program in self._programs:
            try:
                if program.evaluate({"request": request}, COST_LIMIT, interrupted).value is False:
                    return False
            except CELEvaluationError as error:
                errors.append(f"cel evaluation error: expression '{text}' resulted in error: {error}")
        if errors:
            raise MatchConditionsError(listed(errors))
        return True


class _Rounds:
    """Counts the rounds of loops on the event loop."""

    def __init__(self) -> None:
        self._rounds = 0

    def count(self) -> bool:
        """Return False. Raises _WorkerNeededError when there are too many."""
        self._rounds += 1
        if self._rounds > INLINE_ROUNDS:
            raise _WorkerNeededError
        return False


def condition_fault(expression: str) -> str:
    """Return what is wrong with an expression, "" if it compiles."""
    try:
        checked = compiled(expression, _environment())
        if checked.output_type != BOOL:
            return f"must evaluate to bool but got {_shown(checked.output_type)}"
        CELProgram(checked, _environment())
    except CELSyntaxError as error:
        return f"compilation failed: {error}"
    except CELEvaluationError as error:
        return f"program instantiation failed: {error}"
    return ""


def request_of(spec: JSONObject) -> JSONObject:
    """Return the variable `request`, in which also strings that are empty are there."""
    request: dict[str, Any] = {
        "user": spec.get("user", ""),
        "groups": spec.get("groups", []),
        "uid": spec.get("uid", ""),
        "extra": spec.get("extra", {}),
    }
    if (resource := spec.get("resourceAttributes")) is not None:
        selectors = {name: resource[name] for name in ("fieldSelector", "labelSelector") if name in resource}
        request["resourceAttributes"] = {name: resource.get(name, "") for name in _TEXTS} | {
            name: {"requirements": [{"values": [], **each} for each in selector["requirements"]]}
            for name, selector in selectors.items()
        }
    if (other := spec.get("nonResourceAttributes")) is not None:
        request["nonResourceAttributes"] = {name: other.get(name, "") for name in ("path", "verb")}
    return request


def _program(expression: str) -> CELProgram:
    """Return the program of an expression in which there is no fault."""
    return CELProgram(compiled(expression, _environment()), _environment())


@cache
def _environment() -> CELEnvironment:
    request = _request_type()
    return base_environment().extended({"request": request.type}, DeclaredTypes(request))


def _request_type() -> SchemaType:
    text = SchemaType(type=STRING)
    texts = SchemaType(type=list_of(STRING), element=text)

    def fields_of(name: str, fields: Mapping[str, SchemaType]) -> SchemaType:
        found = {field: SchemaField(name=field, type=kind) for field, kind in fields.items()}
        return SchemaType(type=object_type(f"kubernetes.{name}"), fields=found)

    requirement = fields_of("SelectorRequirement", {"key": text, "operator": text, "values": texts})
    requirements = SchemaType(type=list_of(requirement.type), element=requirement)
    by_field = fields_of("FieldSelectorAttributes", {"rawSelector": text, "requirements": requirements})
    by_label = fields_of("LabelSelectorAttributes", {"rawSelector": text, "requirements": requirements})
    resource = dict.fromkeys(_TEXTS, text) | {"fieldSelector": by_field, "labelSelector": by_label}
    return fields_of(
        "SubjectAccessReviewSpec",
        {
            "resourceAttributes": fields_of("ResourceAttributes", resource),
            "nonResourceAttributes": fields_of("NonResourceAttributes", {"path": text, "verb": text}),
            "user": text,
            "groups": texts,
            "extra": SchemaType(type=map_of(STRING, texts.type), key=text, element=texts),
            "uid": text,
        },
    )


def _shown(kind: CELType) -> str:
    """Return a type as cel-go writes it, such as `list(string)`."""
    return f"{kind.name}({', '.join(map(_shown, kind.parameters))})" if kind.parameters else kind.name
