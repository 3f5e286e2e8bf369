"""update: the whole object replaced, or created where the resource allows that by PUT."""

from rootspan_apiserver.handlers.admitting import Admitting, now
from rootspan_apiserver.handlers.bodies import check_content_type, decode_object, metadata_of
from rootspan_apiserver.handlers.field_managers import field_manager
from rootspan_apiserver.handlers.negotiation import Representation
from rootspan_apiserver.handlers.query import WriteOptions, manager_of, write_options
from rootspan_apiserver.handlers.reading import write_stored
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.unenforced import warn_of_unenforced
from rootspan_apiserver.handlers.verb import answering, storing, verb
from rootspan_apiserver.registry.resource import JSONObject
from rootspan_apiserver.status import bad_request
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.tracing import Step


@verb("Update")
async def update(request: Request, target: Target, shown: Representation, span: Step) -> None:
    body = await request.body(span)
    options = write_options(request, "UpdateOptions")
    check_content_type(request, target)
    obj = decode_object(request, target, body, options, span)
    check_name(obj, target)
    with storing(span, len(body)):
        stored, created = await replace(request, target, obj, options)
    warn_of_unenforced(request, target, stored, dry_run=options.dry_run)
    with answering(span):
        await write_stored(request, target, 201 if created else 200, stored, shown)


def check_name(obj: JSONObject, target: Target) -> None:
    """Raises StatusError 400 where the object is not the one of the path."""
    metadata = metadata_of(obj)
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if not name:
        raise bad_request(
            f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        )
    if name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    if not target.resource.namespaced:
        metadata.pop("namespace", None)
    elif not namespace:
        metadata["namespace"] = target.namespace
    elif namespace != target.namespace:
        raise bad_request(
            f"the namespace of the object ({namespace}) does not match the namespace on the request ({target.namespace})"
        )


async def replace(
    request: Request, target: Target, obj: JSONObject, options: WriteOptions
) -> tuple[StoredObject, bool]:
    """Admits and stores a new state of an object; tells whether it was created. Raises StatusError."""
    resource = target.resource
    stored_version = target.to_storage(obj)
    resource.strategy.default(stored_version)
    obj = target.from_storage(stored_version)
    admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)
    fields, manager = field_manager(request, target), manager_of(request, options)
    warned = False

    async def transform(current: JSONObject | None) -> JSONObject:
        nonlocal warned
        live = target.from_storage(current) if current is not None else None
        new = fields.update(live, obj, manager, now())
        admitted = await admitting.mutate("UPDATE" if live is not None else "CREATE", target.name, new, live)
        if admitted is None:
            raise bad_request("admission removed the object")
        stored = target.to_storage(admitted)
        if not warned:
            warned = True
            request.context.warnings += resource.strategy.warnings(stored, current)
        return stored

    return await request.parts.store.update(
        resource,
        target.namespace,
        target.name,
        transform,
        subresource=target.part,
        validate=admitting.validating_update(),
        precondition_uid=metadata_of(obj).get("uid", ""),
        dry_run=options.dry_run,
        create_on_missing=resource.allow_create_on_update and not target.part,
    )
