"""FlowSchema (flowcontrol.apiserver.k8s.io/v1): which requests belong to which priority level.

Upstream: pkg/apis/flowcontrol/validation/validation.go, pkg/apis/flowcontrol/v1/defaults.go,
pkg/registry/flowcontrol/flowschema/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import NONE, condition
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.flowcontrol.conditions import STATUS
from rootspan_apiserver.resources.flowcontrol.fixed_specs import fixed_schema
from rootspan_apiserver.resources.flowcontrol.request_rules import REQUESTS
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    greater_than,
    maximum,
    named,
    required,
    struct,
)

DISTINGUISHERS = ("ByNamespace", "ByUser")


@function("ValidateFlowSchemaSpec")
def _first(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The first place is that of the schema `exempt`."""
    precedence = obj["spec"].get("matchingPrecedence")
    if precedence == 1 and obj["metadata"].get("name") != "exempt":
        words = "only the schema named 'exempt' may have matchingPrecedence 1"
        yield FieldError.invalid(path / "spec" / "matchingPrecedence", precedence, words)


@function("ValidateFlowSchemaSpec")
def _distinguisher(method: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The method is known; the error shows the internal struct."""
    kind = method.get("type") or ""
    if kind not in DISTINGUISHERS:
        yield FieldError.not_supported(path / "type", {"Type": kind}, DISTINGUISHERS)


def _precedence(obj: JSONObject) -> None:
    if not obj["spec"].get("matchingPrecedence"):
        obj["spec"]["matchingPrecedence"] = 1000


def _missing_level(obj: JSONObject, now: datetime) -> str:
    return str(condition(obj, "Dangling").get("status", "?"))


def _matching_order(obj: JSONObject) -> tuple[int, str]:
    return obj["spec"].get("matchingPrecedence") or 0, obj["metadata"].get("name", "")


definition = Definition(
    "flowcontrol.apiserver.k8s.io/v1",
    "FlowSchema",
    "flowschemas",
    namespaced=False,
    subresources=(status_subresource(STATUS, keeps_metadata=METADATA_OF_STATUS),),
    generation=COUNTED,
    defaults=(_precedence,),
    update_order=UpdateOrder.RULES_ONLY,
    rules=struct(
        spec=struct(
            matchingPrecedence=greater_than(0, words="must be a positive value")
            & maximum(10000, words="must not be greater than 10000")
        )
    )
    & _first
    & struct(
        spec=struct(
            distinguisherMethod=_distinguisher,
            priorityLevelConfiguration=absent_as(
                {}, struct(name=required("must reference a priority level") & named(dns_subdomain))
            ),
            rules=each(REQUESTS),
        )
    )
    & fixed_schema
    & struct(status=STATUS),
    row_order=_matching_order,
    columns=(
        NAME,
        Column(
            "PriorityLevel", value("spec.priorityLevelConfiguration.name"), description="The level of its requests."
        ),
        Column(
            "MatchingPrecedence",
            value("spec.matchingPrecedence", 0),
            description="The order among the schemas: the least comes first.",
        ),
        Column(
            "DistinguisherMethod",
            lambda obj, now: at(obj, "spec", "distinguisherMethod", "type") or NONE,
            description="How its requests are divided into flows.",
        ),
        AGE,
        Column("MissingPL", _missing_level, description="Whether the priority level does not exist."),
    ),
)
