"""The field managers of resources, and the conversions that they need.

An entry of `managedFields` speaks of the version in which its manager wrote, so the object is compared in that version. A field manager
does not wait: where a conversion webhook is needed, its work is stopped, and done again once the object is converted.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/versionconverter.go
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import orjson

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.managed_fields.field_manager import with_managed_fields
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.conversion import convert, converted
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.schema import Schema


class FieldManagers:
    """The field manager of each resource and subresource, made once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made = lru_cache(maxsize=1024)(self._make)

    async def run(self, target: Target, work: Callable[[FieldManager], JSONObject]) -> JSONObject:
        """Return the result of `work`, which is given the field manager of `target`.

        Args:
            work: called again after each conversion by a webhook that it needed.

        Raises:
            StatusError: what `work` raises, or the webhook fails.
        """
        fields, resource = self._made(target.resource, target.part), target.resource
        if resource.converter is None:
            return await calculated(partial(work, fields))
        done: dict[tuple[bytes, str], JSONObject] = {}

        def look_up(obj: JSONObject, api_version: str) -> tuple[JSONObject, Schema] | None:
            kind = _kind(resource, api_version)
            other = self._registry.by_kind(kind)
            if other is None:
                return None
            needed = _NeededError(with_managed_fields(obj, []), kind)
            if needed.key not in done:
                raise needed
            return done[needed.key], other.schema

        while True:
            try:
                return await calculated(partial(work, replace(fields, convert=look_up)))
            except _NeededError as needed:
                done[needed.key] = await converted(resource, needed.obj, needed.kind)

    def _make(self, resource: Resource, subresource: str) -> FieldManager:
        def look_up(obj: JSONObject, api_version: str) -> tuple[JSONObject, Schema] | None:
            kind = _kind(resource, api_version)
            other = self._registry.by_kind(kind)
            return (convert(obj, kind), other.schema) if other is not None else None

        return FieldManager.of(resource, subresource, look_up)


class _NeededError(Exception):
    """The object `obj` is needed in the version of `kind`; `key` identifies both."""

    def __init__(self, obj: JSONObject, kind: GroupVersionKind) -> None:
        super().__init__(kind.api_version)
        self.obj = obj
        self.kind = kind
        self.key = (orjson.dumps(obj, option=orjson.OPT_SORT_KEYS), kind.api_version)


def _kind(resource: Resource, api_version: str) -> GroupVersionKind:
    group, _, version = api_version.rpartition("/")
    return GroupVersionKind(group, version, resource.kind.kind)
