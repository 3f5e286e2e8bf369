"""Stored objects in the version that is served, where a resource has a converter.

Every version of a custom resource has a view of its own of what is stored. What lists and watches have shown is kept, so that an object is
converted once for all of them; a read of one object from etcd is always converted again, as in kube-apiserver.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (crdConversionRESTOptionsGetter)
"""

import asyncio
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.types.json_values import sorted_keys

KEPT = 10_000
"""How many converted objects of a resource are kept."""

_Identity = tuple[str, int]
_Batch = asyncio.Task[Mapping[_Identity, StoredObject]]
_Kept = dict[_Identity, StoredObject | _Batch]


class ServedObjects:
    """Converts objects between what is stored and what is served."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Resource, _Kept] = WeakKeyDictionary()

    async def one(self, resource: Resource, stored: StoredObject) -> StoredObject:
        """Return an object in the served version. Raises StatusError 500 if it cannot be converted."""
        return stored if _is_served(resource, stored) else (await _converted(resource, [stored]))[0]

    async def all(self, resource: Resource, stored: Sequence[StoredObject]) -> list[StoredObject]:
        """Return objects in the served version, in their order.

        Those that somebody else waits for, or has been given, are not converted again; the others are converted together.

        Raises:
            StatusError: 500, they cannot be converted.
        """
        others = [each for each in stored if not _is_served(resource, each)]
        if not others:
            return list(stored)
        kept = self._kept.setdefault(resource, {})
        if missing := [each for each in others if _identity(each) not in kept]:
            batch = asyncio.create_task(_fill(kept, resource, missing))
            kept.update(dict.fromkeys(map(_identity, missing), batch))
        held = {_identity(each): kept[_identity(each)] for each in others}
        converted = {identity: each for identity, each in held.items() if isinstance(each, StoredObject)}
        for batch in {each for each in held.values() if isinstance(each, asyncio.Task)}:
            converted |= await asyncio.shield(batch)
        return [converted.get(_identity(each), each) for each in stored]

    async def to_store(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """Return an object of the served version in the version that is stored. Raises StatusError 500."""
        converter = resource.converter
        if converter is None or obj.get("apiVersion") == converter.stored:
            return obj
        metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
        (kept,) = await converter.convert([{**obj, "metadata": metadata}], converter.stored)
        stored: JSONObject = sorted_keys(kept if resource.stored_form is None else resource.stored_form.converted(kept))
        return stored


async def _fill(kept: _Kept, resource: Resource, missing: Sequence[StoredObject]) -> Mapping[_Identity, StoredObject]:
    """Convert what is missing, and keep it. Not a part of one request: others may wait for the same objects."""
    try:
        found = dict(zip(map(_identity, missing), await _converted(resource, missing), strict=True))
    except BaseException:
        for each in missing:
            kept.pop(_identity(each), None)
        raise
    kept.update(found)
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
    return found


async def _converted(resource: Resource, stored: Sequence[StoredObject]) -> list[StoredObject]:
    converter = resource.converter
    assert converter is not None, "objects of a resource without one are served as they are stored"
    read = [orjson.loads(each.served(resource).raw) for each in stored]
    objects = await converter.convert(read, resource.kind.api_version)
    return [each.converted(resource, obj) for each, obj in zip(stored, objects, strict=True)]


def _is_served(resource: Resource, stored: StoredObject) -> bool:
    return resource.converter is None or stored.api_version == resource.kind.api_version


def _identity(stored: StoredObject) -> _Identity:
    return stored.key, stored.revision
