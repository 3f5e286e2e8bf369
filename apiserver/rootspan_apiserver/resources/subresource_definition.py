"""The definition of a subresource: how a write through it differs from one of the resource itself.

Upstream: pkg/registry/*/*/strategy.go (the strategies of status, scale, approval …)
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.hooks import UpdateHook
from rootspan_apiserver.rules import NOTHING, Rule, struct
from rootspan_apiserver.rules.metadata import metadata_update

PART_VERBS = frozenset({"get", "patch", "update"})
METADATA_OF_STATUS = ("labels", "annotations", "finalizers", "ownerReferences")
"""What `ResetObjectMetaForStatus` of upstream resets: the metadata that a write of the status cannot change, for some kinds."""
ALL_METADATA = ("*",)
"""For `SubresourceDefinition.keeps_metadata`: everything but managedFields and resourceVersion, as for custom resources."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalePaths:
    """Where an object keeps what its `Scale` shows, as dotted JSON paths; `selector` is "" where it keeps none."""

    spec_replicas: str = ".spec.replicas"
    status_replicas: str = ".status.replicas"
    selector: str = ""


@dataclass(frozen=True)
class SubresourceDefinition:
    """A part of a resource with its own verbs, and how a write through it differs from one of the resource itself.

    `kind` is what it accepts and returns, None for the resource's own; `has_table` is whether it can be shown as a Table. A write changes
    the fields `writes` alone (beside metadata), or any where that is None; it leaves `keeps_metadata` as it is, and never owns
    `reset_metadata` (the same, unless given) or `reset_fields` (paths like `status.certificate`; None are the usual ones).
    `prepare_update` and `rules` replace the resource's; `rules` None are those of an update of the resource. `warnings` are those of a
    write through it, of the object as it will be stored.
    """

    name: str
    kind: GroupVersionKind | None = None
    _: KW_ONLY
    verbs: frozenset[str] = PART_VERBS
    scale: ScalePaths | None = None
    has_table: bool = True
    writes: tuple[str, ...] | None = None
    keeps_metadata: tuple[str, ...] = ()
    reset_metadata: tuple[str, ...] | None = None
    reset_fields: tuple[str, ...] | None = None
    counts_generation: bool = True
    prepare_update: UpdateHook | None = None
    rules: Rule | None = None
    warnings: Callable[[JSONObject], list[str]] | None = None


def status_subresource(
    status: Rule | None = None,
    *,
    rules: Rule | None = None,
    metadata: bool = True,
    keeps_metadata: tuple[str, ...] = (),
    reset_metadata: tuple[str, ...] | None = None,
    prepare_update: UpdateHook | None = None,
    warnings: Callable[[JSONObject], list[str]] | None = None,
    has_table: bool = True,
) -> SubresourceDefinition:
    """Return the definition of `/status`.

    Args:
        status: the rule for the status; its `old` is the status before.
        rules: rules for the whole object, after those for the status.
        metadata: whether upstream calls `ValidateObjectMetaUpdate`, which comes first.
        keeps_metadata: metadata that a write of the status cannot change, e.g. `METADATA_OF_STATUS`.
        has_table: whether it can be shown as a Table.
    """
    whole = struct(metadata=metadata_update) if metadata else NOTHING
    if status is not None:
        whole &= struct(status=status)
    if rules is not None:
        whole &= rules
    return SubresourceDefinition(
        "status",
        has_table=has_table,
        writes=("status",),
        keeps_metadata=keeps_metadata,
        reset_metadata=reset_metadata,
        counts_generation=False,
        prepare_update=prepare_update,
        rules=whole,
        warnings=warnings,
    )


SCALE = SubresourceDefinition("scale", GroupVersionKind("autoscaling", "v1", "Scale"))
