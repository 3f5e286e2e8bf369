"""The values of each provider: those that kube-apiserver v1.36.2 has stored are read, and what is written has their form.

`kube_apiserver_values.json` are values from the etcd of kube-apiserver, by their keys.
"""

import base64
from pathlib import Path

import orjson
import pytest

from rootspan_apiserver.encryption.transformers import (
    AESCBCTransformer,
    AESGCMTransformer,
    IdentityTransformer,
    PrefixTransformers,
    SecretboxTransformer,
)
from rootspan_apiserver.storage.value_transformers import Transformer, TransformError

pytestmark = pytest.mark.anyio
VALUES = orjson.loads((Path(__file__).parent / "kube_apiserver_values.json").read_bytes())
ONE, TWO, THREE = (bytes([byte]) * 32 for byte in (1, 2, 3))
KEY = b"/registry/secrets/default/a"
TRANSFORMERS: dict[str, tuple[bytes, Transformer]] = {
    "secrets": (b"k8s:enc:aescbc:v1:one:", AESCBCTransformer(ONE)),
    "configmaps": (b"k8s:enc:aesgcm:v1:two:", AESGCMTransformer(TWO)),
    "serviceaccounts": (b"k8s:enc:secretbox:v1:three:", SecretboxTransformer(THREE)),
}


@pytest.mark.parametrize("plural", TRANSFORMERS)
async def test_value_of_kube_apiserver_is_read(plural: str) -> None:
    """Behind its prefix stands the object in JSON."""
    key = f"/registry/{plural}/default/a"
    prefix, transformer = TRANSFORMERS[plural]
    value = base64.b64decode(VALUES[key])
    assert value.startswith(prefix)
    plain, stale = await transformer.from_storage(value.removeprefix(prefix), key.encode())
    assert orjson.loads(plain)["metadata"]["name"] == "a"
    assert not stale


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 5000])
@pytest.mark.parametrize("plural", TRANSFORMERS)
async def test_written_value_is_read_again(plural: str, size: int) -> None:
    """Any size; two values of the same content differ."""
    _, transformer = TRANSFORMERS[plural]
    data = bytes(size)
    first, second = [await transformer.to_storage(data, KEY) for _ in range(2)]
    assert first != second
    assert await transformer.from_storage(first, KEY) == (data, False)


@pytest.mark.parametrize(
    ("transformer", "value", "why"),
    [
        (AESCBCTransformer(ONE), b"short", "the stored data was shorter than the required size"),
        (AESCBCTransformer(ONE), bytes(31), "the stored data is not a multiple of the block size"),
        (AESCBCTransformer(ONE), bytes(16), "invalid PKCS7 data (empty or not padded)"),
        (AESGCMTransformer(TWO), b"short", "the stored data was shorter than the required size"),
        (AESGCMTransformer(TWO), bytes(40), "cipher: message authentication failed"),
        (SecretboxTransformer(THREE), bytes(39), "the stored data was shorter than the required size"),
        (SecretboxTransformer(THREE), bytes(60), "output array was not large enough for encryption"),
        (IdentityTransformer(), b"k8s:enc:x", "identity transformer tried to read encrypted data"),
    ],
)
async def test_value_that_is_not_encrypted_so_is_refused(transformer: Transformer, value: bytes, why: str) -> None:
    """The reasons are kube-apiserver's."""
    with pytest.raises(TransformError) as caught:
        await transformer.from_storage(value, KEY)
    assert str(caught.value) == why


async def test_value_under_another_key_is_refused_by_aesgcm() -> None:
    """A value that was copied to another key is not read."""
    transformer = AESGCMTransformer(TWO)
    value = await transformer.to_storage(b"{}", KEY)
    with pytest.raises(TransformError):
        await transformer.from_storage(value, KEY + b"2")


def keys(**secrets: bytes) -> PrefixTransformers:
    each: list[tuple[bytes, Transformer]] = [
        (f"{name}:".encode(), AESGCMTransformer(key)) for name, key in secrets.items()
    ]
    return PrefixTransformers(each, "no matching key was found for the provided AES transformer")


async def test_first_provider_writes_and_all_read() -> None:
    """What another provider, or another key, has written is stale; values without encryption are read by identity."""
    aes, identity = (b"k8s:enc:aesgcm:v1:", keys(new=ONE, old=TWO)), (b"", IdentityTransformer())
    both = PrefixTransformers([aes, identity], "no matching prefix found")
    written = await both.to_storage(b"{}", KEY)
    assert written.startswith(b"k8s:enc:aesgcm:v1:new:")
    assert await both.from_storage(written, KEY) == (b"{}", False)
    old = b"k8s:enc:aesgcm:v1:" + await keys(old=TWO).to_storage(b"{}", KEY)
    assert await both.from_storage(old, KEY) == (b"{}", True)
    assert await both.from_storage(b"{}", KEY) == (b"{}", True)
    decrypting = PrefixTransformers([identity, aes], "no matching prefix found")
    assert await decrypting.to_storage(b"{}", KEY) == b"{}"
    assert await decrypting.from_storage(old, KEY) == (b"{}", True)


async def test_provider_is_tried_after_another_of_the_same_prefix_failed() -> None:
    """Two providers of one kind have one prefix; only where both fail the value is refused."""
    prefix = b"k8s:enc:aesgcm:v1:"
    both = PrefixTransformers([(prefix, keys(k=ONE)), (prefix, keys(k=TWO))], "no matching prefix found")
    old = prefix + await keys(k=TWO).to_storage(b"{}", KEY)
    assert await both.from_storage(old, KEY) == (b"{}", True)
    for value, why in (
        (prefix + b"k:" + bytes(40), "cipher: message authentication failed"),
        (prefix + b"x:1", "no matching key was found for the provided AES transformer"),
        (b"{}", "no matching prefix found"),
    ):
        with pytest.raises(TransformError) as caught:
            await both.from_storage(value, KEY)
        assert str(caught.value) == why
