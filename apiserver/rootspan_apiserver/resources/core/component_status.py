"""ComponentStatus (v1): the health of a component of the control plane, which is asked and not stored.

Upstream: pkg/registry/core/componentstatus/rest.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Callable
from datetime import datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import NAME, Cell, Column
from rootspan_apiserver.resources.definition import Definition

_STATES = {"True": "Healthy", "False": "Unhealthy"}


def _of_health(read: Callable[[JSONObject], str]) -> Cell:
    """Return a cell with what `read` finds in the condition Healthy, which is empty where there is none."""

    def cell(obj: JSONObject, now: datetime) -> str:
        return read(next((each for each in obj.get("conditions") or [] if each.get("type") == "Healthy"), {}))

    return cell


definition = Definition(
    "v1",
    "ComponentStatus",
    "componentstatuses",
    namespaced=False,
    verbs=frozenset({"get", "list"}),
    short_names=("cs",),
    stored=False,
    deprecation="v1 ComponentStatus is deprecated in v1.19+",
    columns=(
        NAME,
        Column(
            "Status",
            _of_health(lambda condition: _STATES.get(condition.get("status", ""), "Unknown")),
            description="Healthy, Unhealthy or Unknown.",
        ),
        Column(
            "Message", _of_health(lambda condition: str(condition.get("message") or "")), description="What it reports."
        ),
        Column("Error", _of_health(lambda condition: str(condition.get("error") or "")), description="Why it is ill."),
    ),
)
