"""ControllerRevision (apps/v1): what a workload was once, so that it can be so again.

Upstream: pkg/apis/apps/validation/validation.go, pkg/registry/apps/controllerrevision/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import NONE
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import Path, RuleContext, function, immutable, not_negative, not_nil, on_create, struct


def _controller(obj: JSONObject, now: datetime) -> str:
    owners = at(obj, "metadata", "ownerReferences") or []
    owner = next((owner for owner in owners if owner.get("controller")), None)
    if owner is None:
        return NONE
    group = str(owner.get("apiVersion", "")).rpartition("/")[0]
    kind, name = str(owner.get("kind", "")).lower(), owner.get("name", "")
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


@function("ValidateControllerRevisionCreate")
def _is_object(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The data are an object, whatever is in it."""
    if not isinstance(value, dict):
        yield FieldError.required(path, "data must be a valid JSON object")


definition = Definition(
    "apps/v1",
    "ControllerRevision",
    "controllerrevisions",
    rules=struct(revision=not_negative) & struct(data=on_create(not_nil("data is mandatory") & _is_object)),
    changes=struct(data=immutable),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(
        NAME,
        Column("Controller", _controller, description="The workload."),
        Column("Revision", value("revision", 0), description="Its number."),
        AGE,
    ),
)
