"""What a write of the status does to labels and annotations: it depends on the kind."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.apiserver.handlers.conftest import serve
from tests.apiserver.objects import IN_DEFAULT, rich_object

pytestmark = pytest.mark.anyio

MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as server:
        yield server.client


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("apis/apiextensions.k8s.io/v1/customresourcedefinitions", {"labels", "annotations"}),
        ("apis/apiregistration.k8s.io/v1/apiservices", set()),
        ("apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", set()),
        ("apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", set()),
        ("apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations", set()),
        ("apis/networking.k8s.io/v1/servicecidrs", set()),
        (f"apis/resource.k8s.io/v1/{IN_DEFAULT}resourceclaims", set()),
        ("apis/storage.k8s.io/v1/volumeattachments", set()),
        (f"apis/apps/v1/{IN_DEFAULT}deployments", {"annotations"}),
        (f"apis/apps/v1/{IN_DEFAULT}replicasets", {"labels", "annotations"}),
        (f"api/v1/{IN_DEFAULT}services", {"labels", "annotations"}),
        ("api/v1/nodes", {"labels", "annotations"}),
    ],
)
async def test_write_of_the_status_changes_metadata_of_some_kinds(
    shared: httpx.AsyncClient, path: str, changed: set[str]
) -> None:
    """Who wrote it manages what was changed and no more."""
    body = {"metadata": {"name": "rich"}, **rich_object(path)}
    body["metadata"] = {**body["metadata"], "labels": {"mine": "1"}}
    created = await shared.post(f"/{path}", json=body)
    assert created.status_code == 201
    change = {"metadata": {"labels": {"mine": "2"}, "annotations": {"new": "3"}}}
    url = f"/{path}/{body['metadata']['name']}/status?fieldManager=kubelet"
    answer = await shared.patch(url, json=change, headers=MERGE)
    assert answer.status_code == 200
    before, after = created.json()["metadata"], answer.json()["metadata"]
    assert {key for key in ("labels", "annotations") if before.get(key) != after.get(key)} == changed
    owned = [each["fieldsV1"].get("f:metadata", {}) for each in after["managedFields"] if each["manager"] == "kubelet"]
    assert {key.removeprefix("f:") for fields in owned for key in fields} == changed
