"""The default values of an object that a webhook or policy has changed."""

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.conversion import converted
from rootspan_apiserver.resources.resource import Resource


async def defaulted(obj: JSONObject, resource: Resource, subresource: str, kind: GroupVersionKind) -> JSONObject:
    """Return the object in a kind, with its default values; an object of a subresource with a kind of its own has none.

    Raises:
        StatusError: 500, the conversion webhook of a custom resource fails.
    """
    if subresource not in ("", "status"):
        return await converted(resource, obj, kind)
    stored = await converted(resource, obj, resource.storage_kind)
    resource.strategy.default(stored)
    return await converted(resource, stored, kind)
