"""The field manager of what a request is aimed at, made once for each resource and subresource."""

from functools import lru_cache

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.schema import Schema


def field_manager(request: Request, target: Target) -> FieldManager:
    return _made(request.parts.registry, target.resource, target.part)


@lru_cache(maxsize=1024)
def _made(registry: Registry, resource: Resource, subresource: str) -> FieldManager:
    def converted(obj: JSONObject, api_version: str) -> tuple[JSONObject, Schema] | None:
        group, _, version = api_version.rpartition("/")
        kind = GroupVersionKind(group, version, resource.kind.kind)
        other = registry.by_kind(kind)
        return (convert(obj, kind), other.schema) if other is not None else None

    return FieldManager.of(resource, subresource, converted)
