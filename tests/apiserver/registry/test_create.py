"""Creating objects: what the server sets, what it refuses."""

import re
from base64 import b64encode

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.registry.options import CreateOptions, DeleteOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.hooks import WriteContext
from tests.apiserver.objects import REQUEST
from tests.apiserver.registry.parts import CONFIG_MAPS, NAMESPACES, PODS, made, pod, refusal
from tests.apiserver.storage.parts import resource

pytestmark = pytest.mark.anyio

CERTIFICATE_REQUEST = b64encode(REQUEST.encode()).decode()
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


async def test_create_sets_identity_and_drops_fields_of_the_client(store: Store) -> None:
    """uid, creationTimestamp, namespace and resourceVersion are the server's; what a client set of them, and empty fields, are gone."""
    obj = made(
        CONFIG_MAPS,
        "c1",
        uid="mine",
        creationTimestamp="2001-01-01T00:00:00Z",
        deletionTimestamp="2001-01-01T00:00:00Z",
        deletionGracePeriodSeconds=3,
        selfLink="/x",
        labels={},
        annotations=None,
    )
    metadata = (await store.create(CONFIG_MAPS, "default", obj)).decode()["metadata"]
    assert list(metadata) == ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
    assert metadata["namespace"] == "default"
    assert re.fullmatch(UUID, metadata["uid"])
    assert re.fullmatch(r"20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])


async def test_create_generates_name_from_generate_name(store: Store) -> None:
    """Five letters behind the base, which is cut so that the whole stays a label."""
    for base in ("job-", "x" * 70):
        obj = made(CONFIG_MAPS, generateName=base)
        name = (await store.create(CONFIG_MAPS, "default", obj)).decode()["metadata"]["name"]
        assert re.fullmatch(re.escape(base[:58]) + "[bcdfghjklmnpqrstvwxz2456789]{5}", name)


async def test_create_generates_another_name_if_the_first_is_in_use(store: Store) -> None:
    """Seven times; then the server says that it could not find one."""
    taken: list[str] = []

    async def take_first(count: int, obj: JSONObject) -> None:
        name = obj["metadata"]["name"]
        if len(taken) < count:
            taken.append(name)
            await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, name))

    obj = made(CONFIG_MAPS, generateName="a-")
    stored = await store.create(CONFIG_MAPS, "default", obj, CreateOptions(validate=lambda new: take_first(7, new)))
    assert len(set(taken)) == 7
    assert stored.decode()["metadata"]["name"] not in taken
    taken.clear()
    obj = made(CONFIG_MAPS, generateName="b-")
    error = await refusal(
        store.create(CONFIG_MAPS, "default", obj, CreateOptions(validate=lambda new: take_first(8, new)))
    )
    assert (error.code, error.reason) == (409, "AlreadyExists")
    assert error.message == (
        f'configmaps "{taken[-1]}" already exists, the server was not able to generate a unique name for the object'
    )
    assert error.details == {"name": taken[-1], "kind": "configmaps", "retryAfterSeconds": 1}


async def test_create_of_present_object_returns_409(store: Store) -> None:
    """The refusal tells whether the other one is about to go."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", finalizers=["example.com/hold"]))
    error = await refusal(store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1")))
    assert (error.code, error.message) == (409, 'configmaps "c1" already exists')
    await store.delete(CONFIG_MAPS, "default", "c1", DeleteOptions())
    error = await refusal(store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1")))
    assert (error.code, error.message) == (409, 'object is being deleted: configmaps "c1" already exists')


async def test_create_in_another_namespace_returns_400(store: Store) -> None:
    """An object that names another is refused; one that is in no namespace loses what it names."""
    error = await refusal(store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", namespace="other")))
    assert (error.code, error.message) == (
        400,
        "the namespace of the provided object does not match the namespace sent on the request",
    )
    stored = await store.create(NAMESPACES, "", made(NAMESPACES, "n", {}, namespace="other"))
    assert "namespace" not in stored.decode()["metadata"]
    assert stored.key == "/namespaces/n"


@pytest.mark.parametrize(
    ("metadata", "causes"),
    [
        ({}, ["metadata.name: Required value: name or generateName is required"]),
        (
            {"name": "c1", "labels": {"a": "b c"}},
            ['metadata.labels: Invalid value: "b c": a valid label must be an empty string'],
        ),
        (
            {"name": "c1", "finalizers": ["hold"]},
            ['metadata.finalizers[0]: Invalid value: "hold": name is neither a standard'],
        ),
    ],
)
async def test_create_with_invalid_metadata_returns_422(store: Store, metadata: JSONObject, causes: list[str]) -> None:
    """With 422, once for each cause, and nothing is stored."""
    error = await refusal(store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, **metadata)))
    assert (error.code, error.reason) == (422, "Invalid")
    assert error.details is not None
    found = [f"{cause['field']}: {cause['message']}" for cause in error.details["causes"]]
    assert len(found) == len(causes)
    for text, start in zip(found, causes, strict=True):
        assert text.startswith(start)


async def test_create_with_resource_version_returns_500(store: Store) -> None:
    """One that brings its own is refused in the real server's words."""
    error = await refusal(store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", resourceVersion="5")))
    assert error.body() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "resourceVersion should not be set on objects to be created",
        "code": 500,
    }


@pytest.mark.parametrize(("given", "answered"), [("5", "5"), ("v1", None), ("9" * 5000, None)])
async def test_dry_run_of_create_accepts_resource_version(store: Store, given: str, answered: str | None) -> None:
    """The check is one of the storage, which a dry run never reaches: the object is answered as it was given."""
    new = made(CONFIG_MAPS, "c1", resourceVersion=given)
    stored = await store.create(CONFIG_MAPS, "default", new, CreateOptions(dry_run=True))
    assert stored.decode()["metadata"].get("resourceVersion") == answered


async def test_create_drops_invalid_resource_version(store: Store) -> None:
    """A new object whose resourceVersion is not a number has none: it is stored, as the real server stores it."""
    stored = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", resourceVersion="v1"))
    assert stored.decode()["metadata"]["resourceVersion"] == str(stored.revision)


async def test_refusal_of_validating_admission_prevents_create(store: Store) -> None:
    """It sees the object as it will be stored, and its refusal leaves nothing behind."""
    saw: list[JSONObject] = []

    async def deny(obj: JSONObject) -> None:
        saw.append(obj)
        raise PermissionError("denied")

    with pytest.raises(PermissionError):
        await store.create(PODS, "default", pod("p1"), CreateOptions(validate=deny))
    assert saw[0]["metadata"]["uid"]
    assert saw[0]["status"]["phase"] == "Pending"
    assert (await refusal(store.get(PODS, "default", "p1"))).message == 'pods "p1" not found'


async def test_dry_run_of_create_stores_nothing(store: Store) -> None:
    """It answers the object, without a resourceVersion."""
    stored = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"), CreateOptions(dry_run=True))
    assert "resourceVersion" not in stored.decode()["metadata"]
    assert (await refusal(store.get(CONFIG_MAPS, "default", "c1"))).code == 404


async def test_create_of_certificate_signing_request_names_its_user(store: Store) -> None:
    """The user of the request is in the spec, whatever the client wrote there."""
    requests = resource("certificatesigningrequests", "certificates.k8s.io")
    spec = {"request": CERTIFICATE_REQUEST, "signerName": "example.org/x", "usages": ["client auth"], "uid": "forged"}
    jane = User("jane", groups=("devs",), extra={"scopes": ("a", "b")})
    options = CreateOptions(context=WriteContext(user=jane))
    stored = await store.create(requests, "", made(requests, "r", {**spec, "username": "root"}), options)
    found = stored.decode()["spec"]
    assert {key: found.get(key) for key in ("username", "uid", "groups", "extra")} == {
        "username": "jane",
        "uid": None,
        "groups": ["devs"],
        "extra": {"scopes": ["a", "b"]},
    }
