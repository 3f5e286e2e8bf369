"""What the generation of an object counts: its desired state, and for some kinds a little more or less."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.apiserver.handlers.conftest import serve
from tests.apiserver.objects import IN_DEFAULT, rich_object

pytestmark = pytest.mark.anyio

MERGE = {"content-type": "application/merge-patch+json"}
ANNOTATED: dict[str, Any] = {"metadata": {"annotations": {"a": "b"}}}
LABELLED: dict[str, Any] = {"metadata": {"labels": {"a": "b"}}}
DEPLOYMENTS = f"apis/apps/v1/{IN_DEFAULT}deployments"
PODS = f"api/v1/{IN_DEFAULT}pods"
NUMBERS = count()
DRIVERS = "apis/storage.k8s.io/v1/csidrivers"


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as server:
        yield server.client


@pytest.mark.parametrize(
    ("path", "part", "change", "before", "after"),
    [
        (DEPLOYMENTS, "", {"spec": {"paused": True}}, 1, 2),
        (DEPLOYMENTS, "", ANNOTATED, 1, 2),
        (DEPLOYMENTS, "", LABELLED, 1, 1),
        (DEPLOYMENTS, "/status", {**ANNOTATED, "status": {"replicas": 1}}, 1, 1),
        (DEPLOYMENTS, "/scale", {"spec": {"replicas": 3}}, 1, 2),
        (f"apis/apps/v1/{IN_DEFAULT}replicasets", "", ANNOTATED, 1, 1),
        (f"apis/discovery.k8s.io/v1/{IN_DEFAULT}endpointslices", "", LABELLED, 1, 2),
        (f"apis/discovery.k8s.io/v1/{IN_DEFAULT}endpointslices", "", ANNOTATED, 1, 1),
        ("apis/scheduling.k8s.io/v1/priorityclasses", "", {"description": "new"}, 1, 1),
        (DRIVERS, "", LABELLED, None, None),
        (DRIVERS, "", {"spec": {"requiresRepublish": True}}, None, 1),
        (PODS, "/status", {"status": {"phase": "Running"}}, 1, 1),
        ("api/v1/nodes", "", {"spec": {"unschedulable": True}}, None, None),
    ],
)
async def test_generation_counts_what_the_kind_says(
    shared: httpx.AsyncClient, path: str, part: str, change: dict[str, Any], before: int | None, after: int | None
) -> None:
    """Each kind by its own rule."""
    name = f"n{next(NUMBERS)}"
    created = await shared.post(f"/{path}", json=rich_object(path, name))
    assert created.status_code == 201, created.text
    assert created.json()["metadata"].get("generation") == before
    changed = await shared.patch(f"/{path}/{name}{part}", json=change, headers=MERGE)
    assert changed.status_code == 200, changed.text
    assert (await shared.get(f"/{path}/{name}")).json()["metadata"].get("generation") == after


async def test_binding_does_not_change_generation(shared: httpx.AsyncClient) -> None:
    """A node is no part of what was asked for."""
    await shared.post(f"/{PODS}", json=rich_object(PODS, "bound"))
    body = {"metadata": {"name": "bound"}, "target": {"name": "n"}}
    assert (await shared.post(f"/{PODS}/bound/binding", json=body)).status_code == 201
    pod = (await shared.get(f"/{PODS}/bound")).json()
    assert (pod["spec"]["nodeName"], pod["metadata"]["generation"]) == ("n", 1)
