"""PriorityClass (scheduling.k8s.io/v1): a name for how important pods are.

Upstream: pkg/apis/scheduling/validation/validation.go, pkg/apis/scheduling/helpers.go, pkg/apis/scheduling/v1/defaults.go,
pkg/registry/scheduling/priorityclass/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation, UpdateOrder
from rootspan_apiserver.rules import Path, RuleContext, absent_as, function, immutable, one_of, required, struct

SYSTEM = "system-"
SYSTEM_CLASSES: Mapping[str, int] = MappingProxyType(
    {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
)
HIGHEST = 1_000_000_000
"""The greatest value of a class whose name does not begin with `system-`."""


@function("ValidatePriorityClass")
def _reserved(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The names of the system are for its own classes, and the values above all others for them alone."""
    name, found = obj["metadata"].get("name") or "", obj.get("value") or 0
    if not name.startswith(SYSTEM):
        if found > HIGHEST:
            words = f"maximum allowed value of a user defined priority is {HIGHEST}"
            yield FieldError.forbidden(path / "value", words)
        return
    expected = SYSTEM_CLASSES.get(name)
    if expected is None:
        reason = f"{name} is not a known system priority class"
    elif found != expected:
        reason = f"value of {name} PriorityClass must be {expected}"
    elif obj.get("globalDefault"):
        reason = f"globalDefault of {name} PriorityClass must be false"
    else:
        return
    words = f"priority class names with '{SYSTEM}' prefix are reserved for system use only. error: {reason}"
    yield FieldError.forbidden(path / "metadata" / "name", words)


definition = Definition(
    "scheduling.k8s.io/v1",
    "PriorityClass",
    "priorityclasses",
    namespaced=False,
    short_names=("pc",),
    allow_create_on_update=True,
    generation=Generation(changed=lambda obj, old: False),  # It stays 1: upstream counts nothing that may change.
    defaults=(default_values({"preemptionPolicy": "PreemptLowerPriority"}),),
    rules=_reserved & struct(preemptionPolicy=required & one_of("PreemptLowerPriority", "Never")),
    changes=struct(
        value=absent_as(0, immutable("may not be changed in an update.", forbid=True)), preemptionPolicy=immutable
    ),
    update_order=UpdateOrder.CHANGES_ONLY,
    undeletable=dict.fromkeys(SYSTEM_CLASSES, "this is a system priority class and cannot be deleted"),
    columns=(
        NAME,
        Column("Value", value("value", 0), "integer", description="The priority of pods of the class."),
        Column(
            "Global-Default",
            value("globalDefault", False),
            "boolean",
            description="Whether pods without a class get this one.",
        ),
        AGE,
        Column("PreemptionPolicy", value("preemptionPolicy"), description="Whether its pods may preempt others."),
    ),
)
