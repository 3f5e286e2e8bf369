"""Objects turned into what a client asked for in place of them: a Table, or the metadata alone."""

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request
from rootspan_apiserver.tables import partial_object_metadata, table

_INCLUDE = ("", "Metadata", "Object", "None")


def include_object(request: Request) -> str:
    """The `includeObject` parameter of a Table. Raises StatusError 400 for a value that is none of its three."""
    value = request.parameter("includeObject") or ""
    if value not in _INCLUDE:
        error = FieldError.not_supported("includeObject", value, ("None", "Metadata", "Object"))
        raise bad_request(str(error))
    return value or "Metadata"


def transform(
    request: Request, target: Target, obj: JSONObject, shown: Representation, *, columns: bool = True
) -> JSONObject:
    """One object as asked for; `columns` off leaves the column definitions out, as in a watch after its first event."""
    if shown.transformation == "Table":
        version = obj["metadata"].get("resourceVersion", "")
        return table(
            target.resource,
            [obj],
            {"resourceVersion": version},
            version=shown.version,
            include=include_object(request),
            columns=columns,
            scale=obj.get("kind") == "Scale",
        )
    if shown.transformation == "PartialObjectMetadataList":
        raise StatusError(
            406,
            "NotAcceptable",
            f"you requested PartialObjectMetadataList, but the requested object is not a list ({target.kind.kind})",
        )
    return partial_object_metadata(obj, version=shown.version)


def transform_list(
    request: Request, target: Target, objects: list[JSONObject], metadata: JSONObject, shown: Representation
) -> JSONObject:
    """A collection as asked for."""
    if shown.transformation == "Table":
        return table(
            target.resource, objects, metadata, version=shown.version, include=include_object(request), columns=True
        )
    if shown.transformation == "PartialObjectMetadata":
        raise StatusError(
            406,
            "NotAcceptable",
            f"you requested PartialObjectMetadata, but the requested object is a list ({target.resource.list_kind})",
        )
    items = [partial_object_metadata(obj, version=shown.version) for obj in objects]
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": f"meta.k8s.io/{shown.version}",
        "metadata": metadata,
        "items": items,
    }
