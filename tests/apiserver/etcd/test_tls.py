"""etcd behind TLS, with client certificates."""

import ssl
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
import trustme

from rootspan_apiserver.etcd import EtcdClient, Unavailable
from tests.apiserver.etcd.processes import Member, members

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure_etcd(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Member]:
    directory: Path = tmp_path_factory.mktemp("secure-etcd")
    authority.cert_pem.write_to_path(directory / "ca.pem")
    own = authority.issue_cert("127.0.0.1", "localhost")
    own.private_key_pem.write_to_path(directory / "key.pem")
    own.cert_chain_pems[0].write_to_path(directory / "cert.pem")
    flags = (
        f"--cert-file={directory / 'cert.pem'}",
        f"--key-file={directory / 'key.pem'}",
        f"--trusted-ca-file={directory / 'ca.pem'}",
        "--client-cert-auth",
    )
    with members(directory, ("secure",), *flags, scheme="https") as (member,):
        member.start()
        yield member


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_client_with_a_certificate_is_served(
    secure_etcd: Member, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """Writes, ranges and watches go over TLS with the context that was given."""
    authority.issue_cert("client@example.org").configure_cert(trusting)
    async with EtcdClient([secure_etcd.url], tls=trusting) as client, aclosing(client.watch(b"k")) as watch:
        await anext(watch)
        assert (await client.put_if(b"k", b"v", mod_revision=0)).succeeded
        assert (await anext(watch)).events[0].kv.value == b"v"
        assert (await client.range(b"k")).count == 1


async def test_client_without_a_certificate_gets_nowhere(secure_etcd: Member, trusting: ssl.SSLContext) -> None:
    """The handshake fails, which is one way of being unavailable."""
    async with EtcdClient([secure_etcd.url], tls=trusting, timeout=0) as client:
        with pytest.raises(Unavailable):
            await client.range(b"k")


async def test_stranger_is_not_trusted(secure_etcd: Member) -> None:
    """By default only the system's authorities are, and the reason is told."""
    async with EtcdClient([secure_etcd.url], timeout=0) as client:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await client.range(b"k")
