"""KMS plugins of version 2, by a real plugin: a gRPC server on a Unix socket."""

import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from rootspan.testing import SpanRecorder, recording_provider
from rootspan_apiserver.encryption.envelope import EncryptedObject, hashed
from rootspan_apiserver.encryption.kms_provider import KMSProvider
from rootspan_apiserver.encryption.kms_service import KMSService
from rootspan_apiserver.storage.value_transformers import TransformError
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.encryption.plugin import Plugin, serving_plugin
from tests.apiserver.encryption.servers import SECRETS, configure, encrypting_server, secret

pytestmark = pytest.mark.anyio
VALUES = orjson.loads((Path(__file__).parent / "kube_apiserver_values.json").read_bytes())
KEY = b"/registry/secrets/default/a"


@contextlib.asynccontextmanager
async def provider(plugin: Plugin, folder: Path) -> AsyncIterator[tuple[KMSProvider, SpanRecorder]]:
    tracer_provider, recorder = recording_provider()
    tracing = Tracing(tracer_provider)
    async with serving_plugin(plugin, folder / "kms.sock") as endpoint:
        found = KMSProvider("plug", KMSService(endpoint, 3.0), tracing)
        await found.start()
        try:
            with tracer_provider.get_tracer("test").start_as_current_span("request"):
                yield found, recorder
        finally:
            await found.aclose()


async def test_value_of_kube_apiserver_is_read(tmp_path: Path) -> None:
    """The plugin decrypts the seed once; what else was encrypted with it is read without the plugin."""
    key = "/registry/leases/default/a"
    plugin = Plugin(keys={"key-1": b"1" * 32})
    value = base64.b64decode(VALUES[key]).removeprefix(b"k8s:enc:kms:v2:plug:")
    async with provider(plugin, tmp_path) as (found, _):
        for _ in range(2):
            plain, stale = await found.from_storage(value, key.encode())
            assert orjson.loads(plain)["metadata"]["name"] == "a"
            assert not stale
    assert plugin.calls == ["Status", "Encrypt", "Decrypt"]


async def test_values_are_encrypted_without_the_plugin(tmp_path: Path) -> None:
    """It has encrypted one seed at the start, with which all values are stored; each has a key of its own."""
    plugin = Plugin()
    async with provider(plugin, tmp_path) as (found, _):
        first, second = [await found.to_storage(b"{}", KEY) for _ in range(2)]
        assert await found.from_storage(first, KEY) == (b"{}", False)
        with pytest.raises(TransformError, match="message authentication failed"):
            await found.from_storage(first, KEY + b"2")
    assert plugin.calls == ["Status", "Encrypt"]
    one, other = map(EncryptedObject.decode, (first, second))
    assert (one.key_id, one.source, one.annotations) == (other.key_id, other.source, plugin.annotations)
    assert one.data[:32] != other.data[:32]


async def test_another_key_makes_values_stale(tmp_path: Path) -> None:
    """As soon as the status names it, new values have it, and old ones are read."""
    plugin = Plugin()
    async with provider(plugin, tmp_path) as (found, _):
        old = await found.to_storage(b"{}", KEY)
        plugin.key_id = "key-2"
        await found.check(fresh=True)
        assert await found.from_storage(old, KEY) == (b"{}", True)
        assert EncryptedObject.decode(await found.to_storage(b"{}", KEY)).key_id == "key-2"


async def test_spans_are_those_of_kube_apiserver(tmp_path: Path) -> None:
    """Each transformation has a span with its steps, and the name of the provider."""
    plugin = Plugin()
    async with provider(plugin, tmp_path) as (found, recorder):
        await found.from_storage(await found.to_storage(b"{}", KEY), KEY)
    writing, reading = (span for span in recorder.spans if "envelopeTransformer" in span.name)
    assert writing.name == "TransformToStorage with envelopeTransformer"
    assert dict(writing.attributes) == {"transformer.provider.name": "plug"}
    assert [event.name for event in writing.events] == [
        "About to encrypt data using DEK",
        "Data encryption succeeded",
        "About to encode encrypted object",
        "Encoded encrypted object",
    ]
    assert reading.name == "TransformFromStorage with envelopeTransformer"
    assert [event.name for event in reading.events] == [
        "About to decode encrypted object",
        "Decoded encrypted object",
        "About to decrypt data using DEK",
        "Data decryption succeeded",
    ]


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        (Plugin(healthz="tired"), "got unexpected healthz status: tired"),
        (Plugin(version="v1"), "expected KMSv2 API version v2, got v1"),
        (Plugin(key_id=""), "got invalid KMSv2 KeyID hash '': keyID is empty"),
        (Plugin(key_id="x" * 1025), (f"got invalid KMSv2 KeyID hash '{hashed('x' * 1025)}': keyID is 1025 bytes, which "
         "exceeds the max size of 1024")),
        (Plugin(annotations={"x": b"y"}), "failed to validate annotations: x is no fully qualified domain name"),
    ],
)  # fmt: skip
async def test_plugin_that_is_not_healthy_is_reported(plugin: Plugin, why: str, tmp_path: Path) -> None:
    """The health check says why."""
    async with provider(plugin, tmp_path) as (found, _):
        with pytest.raises(TransformError) as caught:
            await found.check()
        assert str(caught.value) == f"kmsv2 Provider plug is not healthy, error: {why}"


async def test_plugin_that_is_not_there_stops_writes_only(tmp_path: Path) -> None:
    """The server starts, is not ready, serves the resources that are not encrypted, and refuses the others in words of its provider."""
    kms = f"{{apiVersion: v2, name: plug, endpoint: 'unix://{tmp_path}/none.sock', timeout: 100ms}}"
    path = configure(tmp_path, f"- {{resources: [secrets], providers: [{{kms: {kms}}}]}}")
    async with encrypting_server(path) as client:
        refused = await client.post(SECRETS, json=secret("one"))
        served = await client.post(SECRETS.replace("secrets", "configmaps"), json={"metadata": {"name": "one"}})
        ready = await client.get("/readyz?verbose")
        alive = await client.get("/livez")
    assert (refused.status_code, served.status_code, ready.status_code, alive.status_code) == (500, 201, 500, 200)
    assert refused.json()["message"] == "Internal error occurred: got unexpected nil transformer"
    assert "[-]kms-providers failed: reason withheld" in ready.text


async def test_server_encrypts_with_a_plugin(tmp_path: Path) -> None:
    """A secret is stored under the name of the provider, and `/readyz` names the check of the plugins."""
    plugin = Plugin()
    async with serving_plugin(plugin, tmp_path / "kms.sock") as endpoint:
        kms = f"{{apiVersion: v2, name: plug, endpoint: '{endpoint}', timeout: 3s}}"
        path = configure(tmp_path, f"- {{resources: [secrets], providers: [{{kms: {kms}}}, {{identity: {{}}}}]}}")
        async with encrypting_server(path) as client:
            assert (await client.post(SECRETS, json=secret("one"))).status_code == 201
            assert (await client.get(f"{SECRETS}/one")).json()["data"] == {"k": "aGlkZGVu"}
            assert (await client.get("/readyz/kms-providers")).status_code == 200
            page = (await client.get("/metrics")).text
    assert 'transformer_prefix="k8s:enc:kms:v2:plug:"' in page
