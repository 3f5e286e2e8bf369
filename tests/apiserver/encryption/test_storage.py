"""A store whose values are encrypted: what is in etcd, and what is written anew."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.encryption.dynamic import DynamicTransformers, EncryptionReloader
from rootspan_apiserver.encryption.loading import LoadedConfiguration
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.outcome import Decision, Write, Written
from rootspan_apiserver.storage.scope import Predicate
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.encryption.servers import KEYS, configure, stored

pytestmark = pytest.mark.anyio
REGISTRY = builtin_registry()
KEY = "/secrets/team/one"


def aes(kind: str, *keys: int, last: str = "") -> str:
    """Return the rule of secrets with a provider and its keys, the first of which writes."""
    listed = ", ".join(f"{{name: k{key}, secret: {KEYS[key]}}}" for key in keys)
    return f"- {{resources: [secrets], providers: [{{{kind}: {{keys: [{listed}]}}}}{last}]}}"


def secrets(registry: Registry = REGISTRY) -> Resource:
    found = registry.lookup("", "v1", "secrets")
    assert found is not None
    return found


def secret(value: str = "hidden") -> dict[str, object]:
    metadata = {"name": "one", "namespace": "team", "uid": "u"}
    return {"kind": "Secret", "apiVersion": "v1", "metadata": metadata, "data": {"k": value}}


async def transformers(path: Path, metrics: EncryptionMetrics | None = None) -> DynamicTransformers:
    tracing = Tracing(recording_provider()[0])
    loaded = await LoadedConfiguration.read(
        str(path), REGISTRY.resources(), metrics or EncryptionMetrics(), tracing, reload=True
    )
    return DynamicTransformers(loaded)


@pytest.fixture
async def etcd() -> AsyncIterator[EtcdClient]:
    async with EmbeddedEtcd() as embedded, EtcdClient([URL], transport=embedded.transport) as client:
        yield client


@contextlib.asynccontextmanager
async def storing(etcd: EtcdClient, encryption: DynamicTransformers | None) -> AsyncIterator[Storage]:
    tracing = Tracing(recording_provider()[0])
    async with Storage(etcd, tracing, resources=REGISTRY.resources(), transformers=encryption) as storage:
        assert await storage.wait_ready(5)
        yield storage


async def unchanged(current: StoredObject | None) -> Decision:
    assert current is not None
    return Write(current.decode())


@pytest.mark.parametrize("kind", ["aescbc", "aesgcm", "secretbox"])
async def test_value_in_etcd_is_encrypted(kind: str, etcd: EtcdClient, tmp_path: Path) -> None:
    """Reads, lists and watches show the object; etcd holds the prefix and nothing that can be read."""
    async with storing(etcd, await transformers(configure(tmp_path, aes(kind, 0)))) as storage:
        predicate = Predicate(secrets())
        async with storage.watch("team", predicate, ListOptions(resource_version="1")) as watch:
            await storage.create(secrets(), "team", "one", secret())
            event = await anext(aiter(watch))
        found = await storage.get(secrets(), "team", "one")
        listed = await storage.list("team", predicate, ListOptions())
    value = await stored(etcd, KEY)
    assert value.startswith(f"k8s:enc:{kind}:v1:k0:".encode())
    assert b"hidden" not in value
    assert found is not None
    for each in (found, listed.items[0], event.object):
        assert each is not None
        assert each.decode()["data"] == {"k": "hidden"}


async def test_value_written_before_encryption_is_read_and_encrypted_by_the_next_write(
    etcd: EtcdClient, tmp_path: Path
) -> None:
    """With identity as the last provider. A write that changes nothing writes a stale value anew, and no other one."""
    async with storing(etcd, None) as storage:
        await storage.create(secrets(), "team", "one", secret())
    assert (await stored(etcd, KEY)).startswith(b"{")
    path = configure(tmp_path, aes("aescbc", 0, last=", {identity: {}}"))
    async with storing(etcd, await transformers(path)) as storage:
        first = await storage.guaranteed_update(secrets(), "team", "one", unchanged)
        encrypted = await stored(etcd, KEY)
        again = await storage.guaranteed_update(secrets(), "team", "one", unchanged)
        assert await stored(etcd, KEY) == encrypted
    assert encrypted.startswith(b"k8s:enc:aescbc:v1:k0:")
    assert isinstance(first, Written)
    assert isinstance(again, Written)
    assert first.stored.revision == again.stored.revision


async def test_value_of_an_old_key_is_written_with_the_new_one(etcd: EtcdClient, tmp_path: Path) -> None:
    """Keys are rotated by writing every object as it is."""
    async with storing(etcd, await transformers(configure(tmp_path, aes("aesgcm", 0)))) as storage:
        await storage.create(secrets(), "team", "one", secret())
    async with storing(etcd, await transformers(configure(tmp_path, aes("aesgcm", 1, 0)))) as storage:
        await storage.guaranteed_update(secrets(), "team", "one", unchanged)
    assert (await stored(etcd, KEY)).startswith(b"k8s:enc:aesgcm:v1:k1:")


async def test_value_that_cannot_be_decrypted_is_an_internal_error(etcd: EtcdClient, tmp_path: Path) -> None:
    """Of reads, lists, updates and deletions of that resource; others are served."""
    async with storing(etcd, await transformers(configure(tmp_path, aes("aesgcm", 0)))) as storage:
        await storage.create(secrets(), "team", "one", secret())
    config_maps = REGISTRY.lookup("", "v1", "configmaps")
    assert config_maps is not None
    async with storing(etcd, await transformers(configure(tmp_path, aes("aesgcm", 1)))) as storage:
        why = "Internal error occurred: no matching key was found for the provided AES transformer"
        with pytest.raises(StatusError) as caught:
            await storage.get(secrets(), "team", "one")
        assert (caught.value.code, caught.value.message) == (500, why)
        with pytest.raises(StatusError) as caught:
            await storage.guaranteed_update(secrets(), "team", "one", unchanged)
        assert caught.value.message == why
        with pytest.raises(StatusError) as caught:
            await storage.list("team", Predicate(secrets()), ListOptions())
        assert caught.value.message == why.replace(
            "occurred: ", 'occurred: unable to transform key "/registry/secrets/team/one": '
        )
        assert (await storage.list("team", Predicate(config_maps), ListOptions())).items == []


async def test_changed_file_is_read_again(etcd: EtcdClient, tmp_path: Path) -> None:
    """New writes have the new key. A file that is not valid is logged and counted, and changes nothing."""
    metrics = EncryptionMetrics()
    path = configure(tmp_path, aes("aesgcm", 0))
    dynamic = await transformers(path)

    async def load() -> LoadedConfiguration:
        tracing = Tracing(recording_provider()[0])
        return await LoadedConfiguration.read(str(path), REGISTRY.resources(), metrics, tracing, reload=True)

    reloader = EncryptionReloader(str(path), dynamic, load, metrics, identity="here")
    async with storing(etcd, dynamic) as storage:
        await storage.create(secrets(), "team", "one", secret())
        path.write_text("nonsense")
        await reloader.reload()
        await storage.guaranteed_update(secrets(), "team", "one", unchanged)
        assert (await stored(etcd, KEY)).startswith(b"k8s:enc:aesgcm:v1:k0:")
        configure(tmp_path, aes("aesgcm", 1, 0))
        await reloader.reload()
        await storage.guaranteed_update(secrets(), "team", "one", unchanged)
        assert (await stored(etcd, KEY)).startswith(b"k8s:enc:aesgcm:v1:k1:")
    counted = {
        sample.labels[0]: sample.value
        for family in metrics.families()
        if family.name.endswith("automatic_reloads_total")
        for sample in family.samples()
    }
    assert counted == {"failure": 1, "success": 1}
