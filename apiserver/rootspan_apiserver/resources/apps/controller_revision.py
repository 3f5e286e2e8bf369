"""ControllerRevision (apps/v1): what a workload was once, so that it can be so again.

Upstream: pkg/apis/apps/validation/validation.go, pkg/registry/apps/controllerrevision/strategy.go,
pkg/printers/internalversion/printers.go
"""

from datetime import datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import immutable, not_negative, not_nil, struct


def _controller(obj: JSONObject, now: datetime) -> str:
    owners = at(obj, "metadata", "ownerReferences") or []
    owner = next((owner for owner in owners if owner.get("controller")), None)
    if owner is None:
        return NONE
    group = str(owner.get("apiVersion", "")).rpartition("/")[0]
    kind, name = str(owner.get("kind", "")).lower(), owner.get("name", "")
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


definition = Definition(
    "apps/v1",
    "ControllerRevision",
    "controllerrevisions",
    rules=struct(data=not_nil("data is mandatory"), revision=not_negative),
    changes=struct(data=immutable),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(
        NAME,
        Column("Controller", _controller, description="The workload."),
        Column("Revision", value("revision", 0), description="Its number."),
        AGE,
    ),
)
