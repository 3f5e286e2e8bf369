"""Namespace (v1): a scope for names.

It is Terminating from its deletion until its `spec.finalizers` are removed, which its subresource `finalize` does.

Upstream: pkg/apis/core/validation/validation.go (ValidateNamespace), pkg/apis/core/v1/defaults.go, pkg/registry/core/namespace/strategy.go,
pkg/registry/core/namespace/storage/storage.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.definition import ALL_VERBS, Definition
from rootspan_apiserver.resources.hooks import Finalization, UpdateOrder, WriteContext
from rootspan_apiserver.resources.selectable import paths
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition, status_subresource
from rootspan_apiserver.rules import Path, RuleContext, each, function, struct
from rootspan_apiserver.rules.metadata import STANDARD_FINALIZERS, core_metadata_update

OWN_NAME = "kubernetes.io/metadata.name"
"""The label with the name, by which selectors find a namespace."""


@function("validateFinalizerName")
def _finalizer(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A qualified name, which has a domain unless Kubernetes itself knows it."""
    yield from (FieldError.invalid(path, value, reason) for reason in qualified_name(value))
    if "/" not in value and value not in STANDARD_FINALIZERS:
        words = "name is neither a standard finalizer name nor is it fully qualified"
        yield FieldError.invalid(path, value, words)


@function("ValidateNamespaceStatusUpdate")
def _phase(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The phase is Active until the deletion begins, and Terminating from then on."""
    phase = (value.get("status") or {}).get("phase") or ""
    is_deleted = bool(value["metadata"].get("deletionTimestamp"))
    wanted, words = ("Terminating", "is not empty") if is_deleted else ("Active", "is empty")
    if phase != wanted:
        message = f"may only be '{wanted}' if `deletionTimestamp` {words}"
        yield FieldError.invalid(path / "status" / "Phase", phase, message)


def _default(namespace: JSONObject) -> None:
    metadata = namespace["metadata"]
    if metadata.get("name"):
        metadata.setdefault("labels", {})[OWN_NAME] = metadata["name"]
    namespace["status"].setdefault("phase", "Active")


def _prepare_create(namespace: JSONObject, context: WriteContext) -> None:
    namespace["status"] = {"phase": "Active"}
    finalizers = namespace["spec"].setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")
    if name := namespace["metadata"].get("name"):  # It may have been generated after the defaults were set.
        namespace["metadata"].setdefault("labels", {})[OWN_NAME] = name


def _keep_spec(namespace: JSONObject, old: JSONObject, context: WriteContext) -> None:
    namespace["spec"] = deepcopy(old["spec"])


def _terminate(namespace: JSONObject) -> None:
    namespace.setdefault("status", {})["phase"] = "Terminating"


def _has_own_finalizers(namespace: JSONObject) -> bool:
    return bool((namespace.get("spec") or {}).get("finalizers"))


definition = Definition(
    "v1",
    "Namespace",
    "namespaces",
    namespaced=False,
    verbs=ALL_VERBS - {"deletecollection"},
    short_names=("ns",),
    subresources=(
        SubresourceDefinition(
            "finalize",
            has_table=False,
            verbs=frozenset({"update"}),
            writes=("spec",),
            rules=struct(metadata=core_metadata_update) & struct(spec=struct(finalizers=each(_finalizer))),
        ),
        status_subresource(rules=_phase),
    ),
    defaults=(_default,),
    prepare_create=_prepare_create,
    prepare_update=_keep_spec,
    finalization=Finalization(begin=_terminate, is_pending=_has_own_finalizers),
    name_rule=dns_label,
    spec=struct(finalizers=each(_finalizer, indexed=False)),
    update_order=UpdateOrder.RULES_FIRST,
    selectable=paths("status.phase"),
    columns=(
        NAME,
        Column("Status", value("status.phase"), description="Active, or Terminating while it is deleted."),
        AGE,
    ),
)
