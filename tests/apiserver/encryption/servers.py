"""A server whose values are encrypted, and the values in its etcd."""

import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.options.options import Options

HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
SECRETS = "/api/v1/namespaces/default/secrets"
KEYS = tuple(base64.b64encode(bytes([byte]) * 32).decode() for byte in range(1, 5))


def secret(name: str, value: str = "hidden") -> dict[str, object]:
    return {"metadata": {"name": name}, "stringData": {"k": value}}


def configure(folder: Path, resources: str) -> Path:
    """Write a configuration (YAML of its resources)."""
    path = folder / "encryption.yaml"
    path.write_text(HEAD + resources)
    return path


@contextlib.asynccontextmanager
async def encrypting_server(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Run a server; yield a client of its administrator."""
    given = ["--secure-port=0", f"--encryption-provider-config={path}"]
    async with apiserver(Options.parse(given)) as running:
        trusting = ssl.create_default_context(cadata=running.ca_bundle.decode())
        headers = {"authorization": f"Bearer {running.token}"}
        async with httpx.AsyncClient(base_url=running.address.url, verify=trusting, headers=headers) as client:
            yield client


async def stored(etcd: EtcdClient, key: str) -> bytes:
    """Return the value of a key below the prefix."""
    return (await etcd.range(f"/registry{key}".encode())).kvs[0].value
