"""The verbs on objects, as a client sees them."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_create_get_list_delete(client: httpx.AsyncClient) -> None:
    """An object lives from create to delete; the bytes of create and get are the same, and a list's items have no kind."""
    created = await client.post(MAPS, json=config_map("one", a="1"))
    assert created.status_code == 201
    assert created.content.endswith(b"\n")
    body = created.json()
    metadata = body["metadata"]
    assert list(metadata) == ["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"]
    assert metadata["managedFields"][0]["manager"] == "tester"

    got = await client.get(f"{MAPS}/one")
    assert (got.status_code, got.content) == (200, created.content)

    listed = (await client.get(MAPS)).json()
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert listed["items"] == [{key: value for key, value in body.items() if key not in ("kind", "apiVersion")}]

    deleted = await client.delete(f"{MAPS}/one")
    assert deleted.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "one", "kind": "configmaps", "uid": metadata["uid"]},
    }
    assert (await client.get(f"{MAPS}/one")).status_code == 404


async def test_response_has_common_headers(client: httpx.AsyncClient) -> None:
    """The audit id, caching and flow control are told on every answer, a refusal too; a caller's own audit id is kept."""
    for path in (MAPS, f"{MAPS}/none", "/version", "/nowhere"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "no-cache, private"
        assert len(answer.headers["audit-id"]) == 36
        assert len(answer.headers["x-kubernetes-pf-flowschema-uid"]) == 36
        assert len(answer.headers["x-kubernetes-pf-prioritylevel-uid"]) == 36
    named = await client.get("/version", headers={"audit-id": "mine"})
    assert named.headers["audit-id"] == "mine"


async def test_generate_name(client: httpx.AsyncClient) -> None:
    """A name is generated where only its beginning is given."""
    body = {"metadata": {"generateName": "made-"}}
    names = {(await client.post(MAPS, json=body)).json()["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("made-") and len(name) == 10 for name in names)


async def test_update_conflicts(client: httpx.AsyncClient) -> None:
    """An update from an old state is refused, one without a version overwrites."""
    first = (await client.post(MAPS, json=config_map("one", a="1"))).json()
    second = await client.put(f"{MAPS}/one", json={**first, "data": {"a": "2"}})
    assert second.status_code == 200
    stale = await client.put(f"{MAPS}/one", json={**first, "data": {"a": "3"}})
    assert stale.status_code == 409
    assert stale.json()["message"] == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert (await client.put(f"{MAPS}/one", json=config_map("one", a="4"))).json()["data"] == {"a": "4"}


async def test_update_with_other_uid_returns_409(client: httpx.AsyncClient) -> None:
    """A body with another uid is not an update of this object."""
    await client.post(MAPS, json=config_map("one", a="1"))
    other = config_map("one", a="2")
    other["metadata"]["uid"] = "another"
    refused = await client.put(f"{MAPS}/one", json=other)
    assert refused.status_code == 409
    assert "UID in precondition: another" in refused.json()["message"]


@pytest.mark.parametrize(
    ("validation", "code", "warnings"),
    [("Strict", 400, []), ("Warn", 201, ['299 - "unknown field \\"extra\\""']), ("Ignore", 201, []), ("", 201, None)],
)
async def test_unknown_fields(
    client: httpx.AsyncClient, validation: str, code: int, warnings: list[str] | None
) -> None:
    """A field that the kind does not have is refused, warned of, or dropped, as the request says; warned of by default."""
    body = {**config_map("one", a="1"), "extra": 1}
    answer = await client.post(MAPS, params={"fieldValidation": validation}, json=body)
    assert answer.status_code == code
    told = answer.headers.get_list("warning")
    assert told == (['299 - "unknown field \\"extra\\""'] if warnings is None else warnings)
    assert "extra" not in answer.json()
    if code == 400:
        assert answer.json()["message"] == (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "extra"'
        )


@pytest.mark.parametrize(
    ("content_type", "patch"),
    [
        ("application/merge-patch+json", '{"data":{"b":"2"}}'),
        ("application/json-patch+json", '[{"op":"add","path":"/data/b","value":"2"}]'),
        ("application/strategic-merge-patch+json", '{"data":{"b":"2"}}'),
        ("application/merge-patch+json; charset=utf-8", '{"data":{"b":"2"}}'),
    ],
)
async def test_patches(client: httpx.AsyncClient, content_type: str, patch: str) -> None:
    """Each patch language changes the object, and the fields it changed are the patcher's."""
    await client.post(MAPS, json=config_map("one", a="1"))
    headers = {"content-type": content_type, "user-agent": "patcher"}
    answer = await client.patch(f"{MAPS}/one", content=patch, headers=headers)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"a": "1", "b": "2"}
    managers = {entry["manager"]: entry["fieldsV1"] for entry in body["metadata"]["managedFields"]}
    assert managers["patcher"] == {"f:data": {"f:b": {}}}


async def test_patch_without_change_writes_nothing(client: httpx.AsyncClient) -> None:
    """The resource version stays where a patch leaves the object as it is."""
    created = (await client.post(MAPS, json=config_map("one", a="1"))).json()
    headers = {"content-type": "application/merge-patch+json"}
    answer = await client.patch(f"{MAPS}/one", content='{"data":{"a":"1"}}', headers=headers)
    assert answer.json()["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_apply(client: httpx.AsyncClient) -> None:
    """Applying creates (201), changes (200), is refused where another owns the field, and takes it by force."""
    headers = {"content-type": "application/apply-patch+yaml"}
    document = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: '{}'\n"

    async def apply(value: str, query: str) -> httpx.Response:
        return await client.patch(f"{MAPS}/one?{query}", content=document.format(value), headers=headers)

    assert (await apply("1", "fieldManager=me")).status_code == 201
    assert (await apply("2", "fieldManager=me")).status_code == 200
    refused = await apply("3", "fieldManager=you")
    assert refused.status_code == 409
    assert refused.json()["message"] == 'Apply failed with 1 conflict: conflict with "me": .data.a'
    assert (await apply("3", "fieldManager=you&force=true")).json()["data"] == {"a": "3"}


async def test_dry_run(client: httpx.AsyncClient) -> None:
    """A dry run answers what would be, and nothing is."""
    answer = await client.post(f"{MAPS}?dryRun=All", json=config_map("one", a="1"))
    assert answer.status_code == 201
    assert "resourceVersion" not in answer.json()["metadata"]
    assert (await client.get(f"{MAPS}/one")).status_code == 404
    await client.post(MAPS, json=config_map("one", a="1"))
    assert (await client.delete(f"{MAPS}/one?dryRun=All")).status_code == 200
    assert (await client.get(f"{MAPS}/one")).status_code == 200


async def test_delete_collection(client: httpx.AsyncClient) -> None:
    """What the selector finds is deleted and answered; the rest stays."""
    for name, label in (("one", "x"), ("two", "x"), ("three", "y")):
        body = config_map(name)
        body["metadata"]["labels"] = {"app": label}
        await client.post(MAPS, json=body)
    answer = await client.delete(f"{MAPS}?labelSelector=app%3Dx")
    assert answer.json()["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["one", "two"]
    left = (await client.get(MAPS)).json()["items"]
    assert [item["metadata"]["name"] for item in left] == ["three"]


async def test_finalizers_and_propagation(client: httpx.AsyncClient) -> None:
    """An object with a finalizer is answered as it waits: 200, or 202 where dependents were not to be orphaned."""
    body = config_map("one")
    body["metadata"]["finalizers"] = ["example.com/wait"]
    await client.post(MAPS, json=body)
    waiting = await client.delete(f"{MAPS}/one")
    assert waiting.status_code == 200
    assert "deletionTimestamp" in waiting.json()["metadata"]
    foreground = await client.request("DELETE", f"{MAPS}/one", json={"propagationPolicy": "Foreground"})
    assert foreground.status_code == 200
    cascading = await client.request("DELETE", f"{MAPS}/one", json={"orphanDependents": False})
    assert cascading.status_code == 202
    headers = {"content-type": "application/merge-patch+json"}
    await client.patch(f"{MAPS}/one", content='{"metadata":{"finalizers":null}}', headers=headers)
    assert (await client.get(f"{MAPS}/one")).status_code == 404


async def test_preconditions(client: httpx.AsyncClient) -> None:
    """A delete that names another uid is refused."""
    await client.post(MAPS, json=config_map("one"))
    answer = await client.request("DELETE", f"{MAPS}/one", json={"preconditions": {"uid": "other"}})
    assert answer.status_code == 409
    assert (await client.get(f"{MAPS}/one")).status_code == 200


async def test_create_by_update(client: httpx.AsyncClient) -> None:
    """A PUT creates a lease, and not a config map."""
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases/one"
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "one"}, "spec": {}}
    assert (await client.put(leases, json=body)).status_code == 201
    assert (await client.put(f"{MAPS}/one", json=config_map("one"))).status_code == 404
    headers = {"content-type": "application/merge-patch+json"}
    absent = leases.replace("one", "two")
    assert (await client.patch(absent, content="{}", headers=headers)).status_code == 404


async def test_list_is_paged(client: httpx.AsyncClient) -> None:
    """A list cut by a limit goes on where it ended."""
    for name in ("one", "three", "two"):
        await client.post(MAPS, json=config_map(name))
    first = (await client.get(f"{MAPS}?limit=2")).json()
    assert first["metadata"]["remainingItemCount"] == 1
    rest = (await client.get(MAPS, params={"limit": "2", "continue": first["metadata"]["continue"]})).json()
    assert [item["metadata"]["name"] for item in first["items"] + rest["items"]] == ["one", "three", "two"]
    assert "continue" not in rest["metadata"]


async def test_long_list_is_compressed(client: httpx.AsyncClient) -> None:
    """More than 128 KiB go out in gzip where that is accepted, and plain where not."""
    await client.post(MAPS, json=config_map("big", a="x" * 200_000))
    compressed = await client.get(MAPS, headers={"accept-encoding": "gzip"})
    plain = await client.get(MAPS, headers={"accept-encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert int(compressed.headers["content-length"]) < 10_000
    assert "content-encoding" not in plain.headers
    assert compressed.json() == plain.json()


async def test_update_with_a_uid_of_missing_object_returns_404(client: httpx.AsyncClient) -> None:
    """The uid is compared with what is there; only where an update may create it is nothing a conflict."""
    body = {"metadata": {"name": "none", "uid": "some"}}
    assert (await client.put(f"{MAPS}/none", json=body)).status_code == 404
    lease = await client.put("/apis/coordination.k8s.io/v1/namespaces/default/leases/none", json=body)
    assert lease.status_code == 409


@pytest.mark.parametrize(
    ("path", "parameters", "status"),
    [
        (MAPS, {"watch": "1", "resourceVersion": "1x"}, 500),
        ("/api/v1/events", {"watch": "1", "resourceVersion": "1x"}, 500),
        (f"{MAPS}/none", {"resourceVersion": "1x"}, 500),
        ("/api/v1/namespaces/default/events/none", {"resourceVersion": "1x"}, 400),
        (MAPS, {"resourceVersion": "1x"}, 400),
    ],
)
async def test_resource_version_that_is_no_number_is_refused(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str], status: int
) -> None:
    """A list says that the request is bad; a watch, and a get from the watch cache, leave that open, as in kube-apiserver."""
    answer = await client.get(path, params=parameters)
    assert (answer.status_code, "strconv.ParseUint" in answer.json()["message"]) == (status, True)


async def test_watch_of_what_cannot_be_shown_ends_without_events(client: httpx.AsyncClient) -> None:
    """An object is no list of metadata; a parameter that no Table knows is refused before the watch begins."""
    (await client.post(MAPS, json={"metadata": {"name": "one"}})).raise_for_status()
    form = "application/json;as={};v=v1;g=meta.k8s.io"
    watching = {"watch": "1", "timeoutSeconds": "30", "includeObject": "Some"}
    ended = await client.get(MAPS, params=watching, headers={"accept": form.format("PartialObjectMetadataList")})
    assert (ended.status_code, ended.content) == (200, b"")
    assert (await client.get(MAPS, params=watching, headers={"accept": form.format("Table")})).status_code == 400
