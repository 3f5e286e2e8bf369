"""PriorityLevelConfiguration (flowcontrol.apiserver.k8s.io/v1): how many requests of a level are served at the same time.

Upstream: pkg/apis/flowcontrol/validation/validation.go, pkg/apis/flowcontrol/v1/defaults.go,
pkg/registry/flowcontrol/prioritylevelconfiguration/strategy.go, pkg/printers/internalversion/printers.go
"""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import NONE
from rootspan_apiserver.resources.columns import AGE, NAME, Cell, Column, at, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.flowcontrol.conditions import STATUS
from rootspan_apiserver.resources.flowcontrol.fixed_specs import fixed_level
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    between,
    forbidden,
    function,
    minimum,
    not_nil,
    one_of,
    struct,
    when,
)

MAX_QUEUES = 10_000_000
MAX_HASH_BITS = 60
QUEUING = (("handSize", 8), ("queues", 64), ("queueLengthLimit", 50))


@function("ValidatePriorityLevelConfigurationSpec")
def _exempt(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The level `exempt`, and no other, is exempt."""
    kind = obj["spec"].get("type") or ""
    if (obj["metadata"].get("name") == "exempt") != (kind == "Exempt"):
        words = "must be 'Exempt' if and only if `name` is 'exempt'"
        yield FieldError.invalid(path / "spec" / "type", kind, words)


@function("ValidatePriorityLevelQueuingConfiguration")
def _queues(queuing: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The numbers are positive, and the hand is one that shuffle sharding can deal."""
    limit, queues, hand = (queuing.get(key) or 0 for key in ("queueLengthLimit", "queues", "handSize"))
    if limit <= 0:
        yield FieldError.invalid(path / "queueLengthLimit", limit, "must be positive")
    if queues <= 0:
        yield FieldError.invalid(path / "queues", queues, "must be positive")
    elif queues > MAX_QUEUES:
        yield FieldError.invalid(path / "queues", queues, f"must not be greater than {MAX_QUEUES}")
    if hand <= 0:
        yield FieldError.invalid(path / "handSize", hand, "must be positive")
    elif hand > queues:
        yield FieldError.invalid(path / "handSize", hand, f"should not be greater than queues ({queues})")
    elif _entropy_bits(queues, hand) > MAX_HASH_BITS:
        words = (
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {MAX_HASH_BITS}"
        )
        yield FieldError.invalid(path / "handSize", hand, words)


def _entropy_bits(deck: int, hand: int) -> int:
    """Return an estimate of the bits of a hash that shuffle sharding uses up."""
    return math.ceil(math.log2(deck) * hand)


def _defaults(obj: JSONObject) -> None:
    queuing = at(obj, "spec", "limited", "limitResponse", "queuing")
    for key, number in QUEUING if queuing is not None else ():
        if not queuing.get(key):
            queuing[key] = number


_PERCENT = between(0, 100)
_SHARES = minimum(0, words="must be a non-negative integer")
_RESPONSE = (
    struct(type=absent_as("", one_of("Queue", "Reject")))
    & when(
        lambda response: response.get("type") == "Reject",
        struct(queuing=forbidden("must be nil if limited.limitResponse.type is not Limited", empty=True)),
        words="type is Reject",
    )
    & when(
        lambda response: response.get("type") == "Queue",
        struct(queuing=not_nil("must not be empty if limited.limitResponse.type is Limited") & _queues),
        words="type is Queue",
    )
)
_LIMITED = struct(
    nominalConcurrencyShares=_SHARES,
    limitResponse=absent_as({}, _RESPONSE),
    lendablePercent=_PERCENT,
    borrowingLimitPercent=minimum(0, words="if specified, must be a non-negative integer"),
)
SPEC = (
    when(
        lambda spec: spec.get("type") == "Exempt",
        struct(
            limited=forbidden("must be nil if the type is not Limited", empty=True),
            exempt=struct(nominalConcurrencyShares=_SHARES, lendablePercent=_PERCENT),
        ),
        words="type is Exempt",
    )
    & when(
        lambda spec: spec.get("type") == "Limited",
        struct(
            exempt=forbidden("must be nil if the type is Limited", empty=True),
            limited=not_nil("must not be empty when type is Limited") & _LIMITED,
        ),
        words="type is Limited",
    )
    & struct(type=absent_as("", one_of("Exempt", "Limited")))
)


def _shares(obj: JSONObject, now: datetime) -> Any:
    level = at(obj, "spec", "limited") or {}
    shares = level.get("nominalConcurrencyShares")
    return NONE if shares is None else shares


def _queuing(key: str) -> Cell:
    def cell(obj: JSONObject, now: datetime) -> Any:
        found = (at(obj, "spec", "limited", "limitResponse", "queuing") or {}).get(key)
        return NONE if found is None else found

    return cell


definition = Definition(
    "flowcontrol.apiserver.k8s.io/v1",
    "PriorityLevelConfiguration",
    "prioritylevelconfigurations",
    namespaced=False,
    subresources=(status_subresource(STATUS, keeps_metadata=METADATA_OF_STATUS),),
    generation=COUNTED,
    defaults=(
        default_values(
            {
                "spec": {
                    "limited": {"nominalConcurrencyShares": 30, "lendablePercent": 0},
                    "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0},
                }
            }
        ),
        _defaults,
    ),
    update_order=UpdateOrder.RULES_ONLY,
    rules=_exempt & struct(spec=SPEC) & fixed_level & struct(status=STATUS),
    columns=(
        NAME,
        Column("Type", value("spec.type"), description="Whether its requests are limited."),
        Column("NominalConcurrencyShares", _shares, description="The share of all requests that are served."),
        Column("Queues", _queuing("queues"), description="The number of queues for requests that wait."),
        Column("HandSize", _queuing("handSize"), description="How many queues a flow may use."),
        Column("QueueLengthLimit", _queuing("queueLengthLimit"), description="How many requests wait in a queue."),
        AGE,
    ),
)
