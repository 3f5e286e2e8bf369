"""Collections as responses: as they are, as a Table, or their metadata alone; large ones are streamed.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.output import include_object, json_of, not_convertible
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.list_encoding import Batch, EncodedList
from rootspan_apiserver.http.responses import Response, Sendable, Serialization
from rootspan_apiserver.http.streamed import StreamedResponse
from rootspan_apiserver.kube.media_types import JSON, PROTOBUF
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.storage import ListResult
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.tables import TableRows, partial_object_metadata
from rootspan_apiserver.types.protobuf import MAGIC

_MOST_ITEMS = 500
_FEWER_ITEMS = 100
"""How many items are encoded in one go: as they are stored, or in another form."""
_MOST_BYTES = 512 * 1024
_FEW = 10
"""So many items are encoded on the event loop, whatever their form."""


async def list_response(call: Call, found: ListResult) -> Sendable:
    """Answer with a collection; one of several batches is streamed.

    Raises:
        StatusError: 400, a parameter of a Table is wrong; 406, a list does not have the form that is asked for.
    """
    shown = call.shown
    listed = _encoded_list(call, found)
    version = shown.converted_to.api_version if shown.converted_to is not None else call.target.group_version
    first = 0
    if shown.converted_to is None:
        first = (
            len(MAGIC) if shown.media_type == PROTOBUF else 1 if shown.media_type == JSON and not shown.pretty else 0
        )
    made = Serialization(encoder=shown.encoder, group_version=version, first_write=first)
    audit = call.request.audit
    is_recorded = audit is not None and audit.records_response
    if len(listed.batches) > 1 and not is_recorded:
        return StreamedResponse(pieces=listed.pieces(shown), content_type=shown.media_type, serialization=made)

    def whole() -> Response:
        body = b"".join(listed.pieces(shown))
        document = listed.json() if is_recorded else None
        return Response(body=body, content_type=shown.media_type, serialization=made, document=document)

    return await calculated(whole, long=not _is_stored_form(call) and len(found.items) > _FEW)


def _is_stored_form(call: Call) -> bool:
    shown = call.shown
    plain = shown.converted_to is None and shown.media_type == JSON and not shown.pretty
    return plain and call.target.stored_as_asked


@dataclass(frozen=True, slots=True)
class _Items:
    """Some items of a list; `form` is None for those that are answered as they are stored."""

    target: Target
    items: Sequence[StoredObject]
    form: Callable[[JSONObject], JSONObject] | None

    def json(self) -> bytes:
        if self.form is None:
            target, kind = self.target, self.target.resource.custom
            return b",".join([json_of(target, item, kind=kind) for item in self.items])
        return b",".join(map(orjson.dumps, self.objects()))

    def objects(self) -> list[JSONObject]:
        form = self.form or (_unchanged if self.target.resource.custom else _without_kind)
        return [form(self.target.decoded(item)) for item in self.items]


def _encoded_list(call: Call, found: ListResult) -> EncodedList:
    target, shown = call.target, call.shown
    metadata = _list_metadata(target, found)
    if shown.converted_to is None:
        head = {"kind": target.resource.list_kind, "apiVersion": target.group_version, "metadata": metadata}
        return EncodedList(head, "items", _batches(call, found.items, None))
    if not found.continue_token:
        metadata.pop("continue", None)
    version = shown.meta_version
    if shown.transformation == "Table":
        rows = TableRows(target.resource, version=version, include=include_object(call.request))
        items = rows.ordered(found.items, target.decoded)
        return EncodedList(rows.head(metadata), "rows", _batches(call, items, rows.row))
    if shown.transformation == "PartialObjectMetadata":
        kind = "*unstructured.UnstructuredList" if target.resource.custom else f"{target.resource.go_type}List"
        raise not_convertible(f"you requested PartialObjectMetadata, but the requested object is a list ({kind})")
    head = {"kind": "PartialObjectMetadataList", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
    return EncodedList(head, "items", _batches(call, found.items, partial(partial_object_metadata, version=version)))


def _batches(call: Call, items: Sequence[StoredObject], form: Callable[[JSONObject], JSONObject] | None) -> list[Batch]:
    most = _MOST_ITEMS if _is_stored_form(call) else _FEWER_ITEMS
    return [_Items(call.target, batch, form) for batch in _divided(items, most)] or [_Items(call.target, (), form)]


def _divided(items: Sequence[StoredObject], most: int) -> Iterator[Sequence[StoredObject]]:
    """Yield the items in batches of `most` items at most, and of few bytes."""
    begin = size = 0
    for end, item in enumerate(items):
        size += len(item.raw)
        if end - begin >= most or size > _MOST_BYTES:
            if end > begin:
                yield items[begin:end]
            begin, size = end, len(item.raw)
    if begin < len(items):
        yield items[begin:]


def _unchanged(obj: JSONObject) -> JSONObject:
    return obj


def _without_kind(obj: JSONObject) -> JSONObject:
    """Return an item of a list of a built-in kind, which names kind and apiVersion once."""
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def _list_metadata(target: Target, found: ListResult) -> JSONObject:
    metadata: JSONObject = {"resourceVersion": found.resource_version}
    if found.continue_token or target.resource.custom:
        metadata["continue"] = found.continue_token
    if found.remaining is not None:
        metadata["remainingItemCount"] = found.remaining
    return metadata
