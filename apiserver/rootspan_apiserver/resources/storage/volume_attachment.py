"""VolumeAttachment (storage.k8s.io): that a volume is to be attached to a node, and whether it is.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/volumeattachment/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.core.persistent_volume import INLINE_SPEC
from rootspan_apiserver.resources.core.volume_sources import csi_driver_name
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    absent_as,
    between,
    function,
    named,
    required,
    struct,
)
from rootspan_apiserver.rules.immutable_structs import immutable_struct
from rootspan_apiserver.rules.metadata import object_metadata

ATTACHMENT_LIMIT = 256 * 1024
MESSAGE_LIMIT = 1024
ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


@function("validateVolumeAttachmentSource")
def _source(source: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Either a volume of the cluster, by its name, or one that is described inline."""
    inline, volume = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and volume is None:
        yield FieldError.required(path, ONE_SOURCE)
    elif inline is not None and volume is not None:
        yield FieldError.forbidden(path, ONE_SOURCE)
    elif volume == "":
        yield FieldError.required(path / "persistentVolumeName", "must specify non empty persistentVolumeName")
    elif inline is not None:
        yield from INLINE_SPEC.check(inline, ABSENT, path / "inlineVolumeSpec", context)


@function("validateAttachmentMetadata")
def _metadata(value: dict[str, str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 256 kB of keys and values."""
    if sum(len(key.encode()) + len((text or "").encode()) for key, text in value.items()) > ATTACHMENT_LIMIT:
        yield FieldError.too_long(path, ATTACHMENT_LIMIT)


@function("validateVolumeError")
def _message(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """At most 1024 bytes; upstream names another limit."""
    if len(value.encode()) > MESSAGE_LIMIT:
        yield FieldError.too_long(path, ATTACHMENT_LIMIT)


VOLUME_ERROR = struct(message=_message, errorCode=between(0, 2**31 - 1))
RULES = struct(
    spec=struct(
        attacher=required & csi_driver_name,
        source=absent_as({}, _source),
        nodeName=absent_as("", named(dns_subdomain)),
    ),
    status=struct(attachmentMetadata=_metadata, attachError=VOLUME_ERROR, detachError=VOLUME_ERROR),
) & struct(spec=struct(source=struct(persistentVolumeName=named(dns_subdomain))))
WHOLE = struct(metadata=object_metadata(namespaced=False)) & RULES
definition = Definition(
    "storage.k8s.io/v1",
    "VolumeAttachment",
    "volumeattachments",
    namespaced=False,
    delete_returns_object=True,
    update_needs_resource_version=True,
    subresources=(status_subresource(rules=WHOLE, keeps_metadata=METADATA_OF_STATUS),),
    rules=RULES & struct(spec=immutable_struct("storage/v1.VolumeAttachmentSpec")),
    update_order=UpdateOrder.RULES_ONLY,
    columns=(
        NAME,
        Column("Attacher", value("spec.attacher"), format="name", description="The driver that attaches the volume."),
        Column("PV", value("spec.source.persistentVolumeName"), description="The volume."),
        Column("Node", value("spec.nodeName"), description="The node that the volume is attached to."),
        Column("Attached", value("status.attached", False), "boolean", description="Whether it is attached now."),
        AGE,
    ),
)
