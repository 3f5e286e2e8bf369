"""A store of the verbs over an embedded etcd, and objects as a handler hands them down: defaulted."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.resource import Resource
from tests.apiserver.storage.parts import embedded_storage, resource

CONFIG_MAPS, PODS, NAMESPACES = resource("configmaps"), resource("pods"), resource("namespaces")


def made(what: Resource, name: str = "", spec: JSONObject | None = None, **metadata: Any) -> JSONObject:
    """A new object with its defaults."""
    kind = what.storage_kind
    obj: JSONObject = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": dict(metadata)}
    if name:
        obj["metadata"]["name"] = name
    if spec is not None:
        obj["spec"] = spec
    what.strategy.default(obj)
    return obj


def pod(name: str, **metadata: Any) -> JSONObject:
    return made(PODS, name, {"containers": [{"name": "c", "image": "nginx"}]}, **metadata)


def setting(**fields: Any) -> Callable[[JSONObject | None], Awaitable[JSONObject]]:
    """A change that sets fields of the object, each given by its path with `__` for a dot; None removes."""

    async def change(obj: JSONObject | None) -> JSONObject:
        assert obj is not None
        for path, value in fields.items():
            *parents, last = path.split("__")
            place = obj
            for parent in parents:
                place = place.setdefault(parent, {})
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        return obj

    return change


@contextlib.asynccontextmanager
async def object_store() -> AsyncIterator[Store]:
    async with embedded_storage() as (storage, _, _):
        yield Store(storage, builtin_registry().resources())


async def refusal(request: Awaitable[object]) -> StatusError:
    """The error that a request is refused with."""
    with pytest.raises(StatusError) as refused:
        await request
    return refused.value
