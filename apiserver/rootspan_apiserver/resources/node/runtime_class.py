"""RuntimeClass (node.k8s.io/v1): how the nodes run the containers of a pod.

Upstream: pkg/apis/node/validation/validation.go, pkg/registry/node/runtimeclass/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.core.node_labels import NODE_LABELS
from rootspan_apiserver.resources.core.pod.go_structs import shown_as_go
from rootspan_apiserver.resources.core.pod.resources import OVERHEAD
from rootspan_apiserver.resources.core.tolerations import TOLERATIONS
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function, immutable, named, required, struct
from rootspan_apiserver.rules.label_selectors import labels


@function("validateOverhead")
def _overhead(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What a pod takes besides its containers is valid as limits are."""
    yield from OVERHEAD.check({"limits": value.get("podFixed") or {}}, ABSENT, path, context)


@function("validateTolerations")
def _unique(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No toleration is there twice, whatever its seconds."""
    seen = []
    for index, toleration in enumerate(value):
        key = {name: found for name, found in toleration.items() if name != "tolerationSeconds"}
        if key in seen:
            yield FieldError.duplicate(path / index, shown_as_go(toleration, "Toleration"))
        seen.append(key)


def _warnings(runtime_class: JSONObject, old: JSONObject | None) -> list[str]:
    labels = (runtime_class.get("scheduling") or {}).get("nodeSelector") or {}
    return [f"scheduling.nodeSelector: {NODE_LABELS[key]}" for key in sorted(labels) if key in NODE_LABELS]


definition = Definition(
    "node.k8s.io/v1",
    "RuntimeClass",
    "runtimeclasses",
    namespaced=False,
    update_needs_resource_version=True,
    rules=struct(
        handler=required & named(dns_label),
        overhead=_overhead,
        scheduling=struct(nodeSelector=labels, tolerations=TOLERATIONS & _unique),
    ),
    changes=struct(handler=immutable),
    update_order=UpdateOrder.RULES_FIRST,
    standard_finalizers=False,
    columns=(
        NAME,
        Column("Handler", value("handler"), description="The configuration of the runtime on the nodes."),
        AGE,
    ),
    warnings=_warnings,
)
