"""Reading an object and writing it back: what was not changed is not written, whatever its kind."""

from collections.abc import AsyncIterator

import httpx
import pytest

from rootspan_apiserver.resources.catalogue import builtin_registry
from tests.apiserver.handlers.conftest import serve
from tests.apiserver.objects import OBJECTS, rich_object

pytestmark = pytest.mark.anyio

MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    """A client of one server for all kinds: each has a collection of its own."""
    async with serve() as server:
        yield server.client


def test_every_stored_kind_has_an_object() -> None:
    """The objects are of all kinds there are."""
    stored = {
        (each.kind.group, each.kind.version, each.plural)
        for each in builtin_registry().resources()
        if each.storage_path
    }
    known = set()
    for path in OBJECTS:
        root, *way, plural = path.removesuffix("/").split("/")
        group, version = ("", way[0]) if root == "api" else (way[0], way[1])
        known.add((group, version, plural))
    assert known == stored


@pytest.mark.parametrize("path", OBJECTS)
async def test_put_of_unchanged_object_is_not_written(shared: httpx.AsyncClient, path: str) -> None:
    """A PUT of what a GET answered changes nothing, the generation, the managers and the resourceVersion included; so does one of the
    status; and a label can be added afterwards, which changes nothing else."""
    created = await shared.post(f"/{path}", json=rich_object(path))
    assert created.status_code == 201, created.text
    one = f"/{path}/{created.json()['metadata']['name']}"
    read = (await shared.get(one)).json()
    put = await shared.put(one, json=read)
    assert (put.status_code, put.json()) == (200, read)
    if (status := await shared.get(f"{one}/status")).status_code == 200:
        assert (await shared.put(f"{one}/status", json=status.json())).json() == read
    labelled = await shared.patch(one, content='{"metadata":{"labels":{"added":"later"}}}', headers=MERGE)
    assert labelled.status_code == 200, labelled.text
    before, after = read["metadata"], labelled.json()["metadata"]
    assert after["labels"] == {**before.get("labels", {}), "added": "later"}
    changed = ("labels", "managedFields", "resourceVersion", "generation")
    assert {key: after[key] for key in after if key not in changed} == {
        key: before[key] for key in before if key not in changed
    }
    assert {**labelled.json(), "metadata": {}} == {**read, "metadata": {}}
