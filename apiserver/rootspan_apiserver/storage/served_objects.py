"""Stored objects in the version that is served, where a resource has a converter.

Every version of a custom resource has a view of its own of what is stored. What lists and watches have shown is kept, so that an object is
converted once for all of them; a read of one object from etcd is always converted again, as in kube-apiserver.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (crdConversionRESTOptionsGetter)
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.outcome import Decision, Write
from rootspan_apiserver.storage.stored_object import StoredObject, encode
from rootspan_apiserver.types.json_values import sorted_keys

KEPT = 10_000
"""How many converted objects of a resource are kept."""

_Change = Callable[[StoredObject | None], Awaitable[Decision]]
_Check = Callable[[StoredObject], Awaitable[None]]
_Identity = tuple[str, int]
_Batch = asyncio.Task[Mapping[_Identity, StoredObject]]
_Kept = dict[_Identity, StoredObject | _Batch]


class ServedObjects:
    """Converts objects between what is stored and what is served."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Resource, _Kept] = WeakKeyDictionary()

    async def one(self, resource: Resource, stored: StoredObject) -> StoredObject:
        """Return an object in the served version. Raises StatusError 500 if it cannot be converted."""
        return stored.served(resource) if _is_served(resource, stored) else (await _converted(resource, [stored]))[0]

    async def all(self, resource: Resource, stored: Sequence[StoredObject]) -> list[StoredObject]:
        """Return objects in the served version, in their order.

        Those that somebody else waits for, or has been given, are not converted again; the others are converted together.

        Raises:
            StatusError: 500, they cannot be converted.
        """
        others = [each for each in stored if not _is_served(resource, each)]
        if not others:
            return [each.served(resource) for each in stored]
        kept = self._kept.setdefault(resource, {})
        if missing := [each for each in others if _identity(each) not in kept]:
            batch = asyncio.create_task(_fill(kept, resource, missing))
            kept.update(dict.fromkeys(map(_identity, missing), batch))
        held = {_identity(each): kept[_identity(each)] for each in others}
        converted = {identity: each for identity, each in held.items() if isinstance(each, StoredObject)}
        for batch in {each for each in held.values() if isinstance(each, asyncio.Task)}:
            converted |= await asyncio.shield(batch)
        return [converted.get(_identity(each)) or each.served(resource) for each in stored]

    async def to_store(self, resource: Resource, obj: JSONObject) -> JSONObject:
        """Return an object of the served version in the version that is stored. Raises StatusError 500."""
        converter, form = resource.converter, resource.stored_form
        if converter is None:
            return obj
        if obj.get("apiVersion") != converter.stored:
            metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
            obj = (await converter.convert([{**obj, "metadata": metadata}], converter.stored))[0]
        stored: JSONObject = sorted_keys(obj if form is None else form.tidied(obj))
        return stored

    def deciding(self, resource: Resource, change: _Change) -> _Change:
        """Return `change`, deciding on objects in the served version; what it writes is converted into the stored one."""
        if resource.converter is None:
            return change

        async def decide(current: StoredObject | None) -> Decision:
            decision = await change(await self.one(resource, current) if current is not None else None)
            return Write(await self.to_store(resource, decision.obj)) if isinstance(decision, Write) else decision

        return decide

    def checking(self, resource: Resource, check: _Check) -> _Check:
        """Return `check`, given objects in the served version."""
        if resource.converter is None:
            return check

        async def checked(current: StoredObject) -> None:
            await check(await self.one(resource, current))

        return checked


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
    form, objects = resource.stored_form, [orjson.loads(each.raw) for each in stored]
    if form is not None:
        objects = list(map(form.read, objects))
    objects = await converter.convert(objects, resource.kind.api_version)
    if form is not None:
        objects = list(map(form.tidied, objects))
    return [
        StoredObject(each.key, each.revision, encode(sorted_keys(obj)))
        for each, obj in zip(stored, objects, strict=True)
    ]


def _is_served(resource: Resource, stored: StoredObject) -> bool:
    return resource.converter is None or stored.api_version == resource.kind.api_version


def _identity(stored: StoredObject) -> _Identity:
    return stored.key, stored.revision
