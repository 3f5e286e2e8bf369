"""create: decode, default, record who manages which fields, admit, store."""

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.handlers.admitting import Admitting, now
from rootspan_apiserver.handlers.bodies import check_content_type, decode_object, metadata_of, place
from rootspan_apiserver.handlers.field_managers import field_manager
from rootspan_apiserver.handlers.reading import write_stored
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.unenforced import warn_of_unenforced
from rootspan_apiserver.handlers.verb import answering, storing, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.query import WriteOptions, manager_of, write_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.registry.options import CreateOptions
from rootspan_apiserver.resources.definition import WriteContext
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.tracing import InternalSpan


@verb(operations.CREATE)
async def create(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    check_content_type(request, target)
    body = await request.body(span)
    options = write_options(request, "CreateOptions")
    obj = decode_object(request, target, body, options, span)
    place(obj, target)
    with storing(span, len(body)):
        stored = await store_new(request, target, obj, options)
    warn_of_unenforced(request, target, stored, created=True, dry_run=options.dry_run)
    with answering(span):
        await write_stored(request, target, 201, stored, shown)


async def store_new(request: Request, target: Target, obj: JSONObject, options: WriteOptions) -> StoredObject:
    """Admits and stores a new object. Raises StatusError."""
    parts, resource = request.parts, target.resource
    obj = target.defaulted(obj)
    obj = field_manager(request, target).update(None, obj, manager_of(request, options), now())
    admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)
    name = metadata_of(obj).get("name", "")
    admitted = await admitting.mutate("CREATE", name, obj, None)
    if admitted is None:
        raise bad_request("admission removed the object")
    stored_version = target.to_storage(admitted)
    request.context.warnings += resource.strategy.warnings(stored_version, None)
    return await parts.store.create(
        resource,
        target.namespace,
        stored_version,
        CreateOptions(
            validate=admitting.validating_create(name),
            dry_run=options.dry_run,
            context=WriteContext(user=request.context.user),
        ),
    )
