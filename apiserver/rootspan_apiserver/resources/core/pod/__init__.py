"""Pod (v1): containers that run together on a node.

Upstream: pkg/registry/core/pod/strategy.go, pkg/registry/core/pod/storage/storage.go, pkg/apis/core/validation/validation.go
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.annotations import pod_annotations, pod_profiles
from rootspan_apiserver.resources.core.pod.columns import COLUMNS, row_conditions
from rootspan_apiserver.resources.core.pod.defaults import default_pod
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_update
from rootspan_apiserver.resources.core.pod.preparing import prepare_create
from rootspan_apiserver.resources.core.pod.resize import keep_all_but_resources, resizable
from rootspan_apiserver.resources.core.pod.spec import POD_SPEC
from rootspan_apiserver.resources.core.pod.status import prepare_status, status_changes
from rootspan_apiserver.resources.core.pod.updates import annotation_changes, ephemeral_changes, spec_changes
from rootspan_apiserver.resources.core.pod.warnings import pod_warnings
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, WriteContext
from rootspan_apiserver.resources.selectable import at, paths
from rootspan_apiserver.resources.subresource_definition import (
    METADATA_OF_STATUS,
    SubresourceDefinition,
    status_subresource,
)
from rootspan_apiserver.rules import NOTHING, Path, RuleContext, forbidden, function, struct
from rootspan_apiserver.rules.metadata import core_metadata_update, object_metadata

CONNECT = frozenset({"create", "get"})
PROXY = frozenset({"create", "delete", "get", "patch", "update"})


def grace_period(pod: JSONObject, requested: int | None) -> int:
    """Return the seconds a pod has to stop: none if it was never bound to a node, or has stopped."""
    spec, phase = pod.get("spec") or {}, (pod.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Failed", "Succeeded"):
        return 0
    period = requested if requested is not None else spec.get("terminationGracePeriodSeconds") or 0
    return 1 if period < 0 else period


@function("validatePodMetadataAndSpec")
def _only_in_pods(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Tokens need a service account, and images have no blanks around them; templates may have both."""
    spec, at = value["spec"], path / "spec"
    if not spec.get("serviceAccountName"):
        for index, volume in enumerate(spec.get("volumes") or []):
            for number, source in enumerate((volume.get("projected") or {}).get("sources") or []):
                if source.get("serviceAccountToken") is not None:
                    place = at / "volumes" / index / "projected" / "sources" / number / "serviceAccountToken"
                    words = "must not be specified when serviceAccountName is not set"
                    yield FieldError.forbidden(place, words)
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind) or []):
            image = container.get("image") or ""
            if image != image.strip():
                words = "must not have leading or trailing whitespace"
                yield FieldError.invalid(at / kind / index / "image", image, words)


@function("ValidatePodCreate")
def _not_on_create(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A pod that waits for its gates has no node."""
    if value["spec"].get("nodeName") and value["spec"].get("schedulingGates"):
        words = "cannot be set until all schedulingGates have been cleared"
        yield FieldError.forbidden(path / "spec" / "nodeName", words)


_OBJECT = pod_annotations & struct(spec=POD_SPEC) & _only_in_pods
_ON_CREATE = (
    struct(spec=struct(ephemeralContainers=forbidden("cannot be set on create"))) & _not_on_create & pod_profiles
)
_METADATA = struct(metadata=core_metadata_update) & struct(metadata=object_metadata(namespaced=True))


def keep_all_but_ephemeral_containers(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Undo every change of a pod's spec but those of its ephemeral containers."""
    added = obj["spec"].get("ephemeralContainers")
    obj["spec"] = deepcopy(old["spec"])
    obj["spec"].pop("ephemeralContainers", None)
    if added:
        obj["spec"]["ephemeralContainers"] = added


definition = Definition(
    "v1",
    "Pod",
    "pods",
    short_names=("po",),
    categories=("all",),
    subresources=(
        SubresourceDefinition("attach", GroupVersionKind("", "v1", "PodAttachOptions"), verbs=CONNECT),
        # Upstream writes a binding without the strategy: no rules, no generation.
        SubresourceDefinition(
            "binding",
            GroupVersionKind("", "v1", "Binding"),
            verbs=frozenset({"create"}),
            counts_generation=False,
            rules=NOTHING,
        ),
        SubresourceDefinition(
            "ephemeralcontainers",
            has_table=False,
            writes=("spec",),
            keeps_metadata=METADATA_OF_STATUS,
            prepare_update=keep_all_but_ephemeral_containers,
            rules=_METADATA & _OBJECT & annotation_changes & ephemeral_changes,
        ),
        SubresourceDefinition("eviction", GroupVersionKind("policy", "v1", "Eviction"), verbs=frozenset({"create"})),
        SubresourceDefinition("exec", GroupVersionKind("", "v1", "PodExecOptions"), verbs=CONNECT),
        SubresourceDefinition("log", verbs=frozenset({"get"})),
        SubresourceDefinition("portforward", GroupVersionKind("", "v1", "PodPortForwardOptions"), verbs=CONNECT),
        SubresourceDefinition("proxy", GroupVersionKind("", "v1", "PodProxyOptions"), verbs=PROXY),
        SubresourceDefinition(
            "resize",
            has_table=False,
            writes=("spec",),
            keeps_metadata=METADATA_OF_STATUS,
            prepare_update=keep_all_but_resources,
            rules=_METADATA & _OBJECT & resizable,
        ),
        status_subresource(
            rules=annotation_changes & status_changes,
            keeps_metadata=("ownerReferences",),
            reset_metadata=("deletionTimestamp", "ownerReferences"),
            prepare_update=prepare_status,
        ),
    ),
    defaults=(default_pod,),
    prepare_create=prepare_create,
    prepare_update=dropped_on_update("spec"),
    generation=COUNTED,
    warnings=pod_warnings,
    rules=_OBJECT & _ON_CREATE,
    update_rules=_METADATA & _OBJECT & annotation_changes & struct(spec=spec_changes),
    selectable={
        **paths("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
        "spec.hostNetwork": at("spec.hostNetwork", "false"),
        **paths("status.phase", "status.podIP", "status.nominatedNodeName"),
    },
    columns=COLUMNS,
    row_conditions=row_conditions,
    grace_period=grace_period,
    delete_returns_object=True,
)
