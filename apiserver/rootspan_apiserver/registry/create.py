"""Creating: an identity and a name, then the strategy's preparation and validation.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/create.go
"""

from functools import partial

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, invalid
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.registry import metadata as object_metadata
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject

NAME_ATTEMPTS = 8
"""How often a name is generated until one is free."""


async def before_create(resource: Resource, namespace: str, obj: JSONObject, context: WriteContext) -> None:
    """Make `obj` what is stored for it.

    Raises:
        StatusError: 400 or 422, the object is invalid.
    """
    metadata = obj["metadata"]
    object_metadata.tidy(metadata)
    object_metadata.fill_system_fields(metadata)
    object_metadata.match_namespace(resource, namespace, metadata)
    strategy = resource.strategy
    await calculated(partial(strategy.prepare_for_create, obj, context))

    def validate() -> None:
        errors = strategy.validate_create(obj) or object_metadata.check(resource, metadata)
        refuse(resource, metadata.get("name", ""), errors)

    await calculated(validate, long=strategy.is_slow_to_validate(obj))


def refuse(resource: Resource, name: str, errors: list[FieldError]) -> None:
    """Raise StatusError 422 if there are `errors`."""
    if errors:
        raise invalid(resource.storage_kind.group, resource.kind.kind, name, errors)


def explain_conflict(conflict: StatusError, present: StoredObject | None, *, generated: bool) -> StatusError:
    """Return the error for a name that is in use by `present`: `generated` names were tried several times."""
    details = conflict.details
    if generated:
        message = f"{conflict.message}, the server was not able to generate a unique name for the object"
        details = {**(details or {}), "retryAfterSeconds": 1}
    elif present is not None and present.is_terminating:
        message = f"object is being deleted: {conflict.message}"
    else:
        return conflict
    return StatusError(conflict.code, conflict.reason, message, details)
