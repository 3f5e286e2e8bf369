"""update: the whole object replaced, or created where the resource allows that by PUT."""

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.handlers.admitting import Admitting, now
from rootspan_apiserver.handlers.bodies import check_content_type, check_object, decode_object, metadata_of
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
from rootspan_apiserver.registry.options import UpdateOptions
from rootspan_apiserver.resources.definition import WriteContext
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.tracing import InternalSpan


@verb(operations.UPDATE)
async def update(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
    body = await request.body(span)
    options = write_options(request, "UpdateOptions")
    check_content_type(request, target)
    obj = decode_object(request, target, body, options, span)
    check_object(obj, target)
    with storing(span, len(body)):
        stored, created = await replace(request, target, obj, options)
    warn_of_unenforced(request, target, stored, created=created, dry_run=options.dry_run)
    with answering(span):
        await write_stored(request, target, 201 if created else 200, stored, shown)


async def replace(
    request: Request, target: Target, obj: JSONObject, options: WriteOptions
) -> tuple[StoredObject, bool]:
    """Admits and stores a new state of an object; tells whether it was created. Raises StatusError."""
    resource, obj = target.resource, target.defaulted(obj)
    admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)
    fields, manager = field_manager(request, target), manager_of(request, options)
    warned = False

    async def transform(current: JSONObject | None) -> JSONObject:
        nonlocal warned
        live = target.live(current) if current is not None else None
        new = fields.update(live, obj, manager, now())
        admitted = await admitting.mutate("UPDATE" if live is not None else "CREATE", target.name, new, live)
        if admitted is None:
            raise bad_request("admission removed the object")
        stored = target.to_storage(admitted, current)
        if not warned:
            warned = True
            request.context.warnings += resource.strategy.warnings(stored, current)
        return stored

    return await request.parts.store.update(
        resource,
        target.namespace,
        target.name,
        transform,
        UpdateOptions(
            subresource=target.stored_part,
            validate=admitting.validating_update(),
            precondition_uid=metadata_of(obj).get("uid", ""),
            dry_run=options.dry_run,
            create_on_missing=resource.allow_create_on_update and not target.part,
            context=WriteContext(user=request.context.user),
        ),
    )
