"""The server under the application: sockets, TLS, certificates, readiness."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from rootspan_apiserver.serving import certificates, kubeconfig
from rootspan_apiserver.serving.http import BindError, listen, serving
from rootspan_apiserver.serving.requesting_certificates import requesting_context

pytestmark = pytest.mark.anyio


async def whoami(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers the common name of the client's certificate, or `nobody`."""
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain", [])
    name = "nobody"
    if chain:
        certificate = x509.load_pem_x509_certificate(chain[0].encode())
        name = str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": name.encode()})


async def test_client_certificate_reaches_the_application_by_the_asgi_tls_extension(tmp_path: Path) -> None:
    """With a client CA, whoever shows a certificate is named in the scope and whoever shows none is still served."""
    clients = certificates.CertificateAuthority.create("clients")
    (tmp_path / "clients.pem").write_bytes(clients.pem)
    own = certificates.self_signed(["127.0.0.1"], None)
    context = requesting_context(own, [tmp_path / "clients.pem"])
    trusting = ssl.create_default_context(cadata=own.ca_bundle.decode())
    alice = ssl.create_default_context(cadata=own.ca_bundle.decode())
    clients.issue("alice", client=True).load_into(alice)
    async with serving(whoami, listen("127.0.0.1", 0), tls=context) as address:
        assert address.scheme == "https"
        async with httpx.AsyncClient(verify=alice) as client:
            assert (await client.get(address.url)).text == "alice"
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(address.url)).text == "nobody"


async def test_certificate_of_a_stranger_reaches_the_application(tmp_path: Path) -> None:
    """Who signed a certificate is a question of authentication, as in kube-apiserver: the connection is not cut."""
    clients = certificates.CertificateAuthority.create("clients")
    (tmp_path / "clients.pem").write_bytes(clients.pem)
    own = certificates.self_signed(["127.0.0.1"], None)
    mallory = ssl.create_default_context(cadata=own.ca_bundle.decode())
    certificates.CertificateAuthority.create("strangers").issue("mallory", client=True).load_into(mallory)
    context = requesting_context(own, [tmp_path / "clients.pem"])
    async with (
        serving(whoami, listen("127.0.0.1", 0), tls=context) as address,
        httpx.AsyncClient(verify=mallory) as client,
    ):
        assert (await client.get(address.url)).text == "mallory"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_bodies_of_any_size_pass_in_both_directions(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """On one connection, whatever the size of the records; the client then sees TLS closed in order."""

    async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    clients = certificates.CertificateAuthority.create("clients")
    (tmp_path / "clients.pem").write_bytes(clients.pem)
    own = certificates.self_signed(["127.0.0.1"], None)
    trusting = ssl.create_default_context(cadata=own.ca_bundle.decode())
    trusting.minimum_version = trusting.maximum_version = version
    context = requesting_context(own, [tmp_path / "clients.pem"])
    async with (
        serving(echo, listen("127.0.0.1", 0), tls=context) as address,
        httpx.AsyncClient(verify=trusting) as client,
    ):
        for size in (0, 1, 16_384, 16_385, 5_000_000):
            body = bytes(index % 251 for index in range(size))
            assert (await client.post(address.url, content=body)).content == body


async def test_handshake_that_fails_ends_the_connection_only(tmp_path: Path) -> None:
    """A client that does not trust the server, or that speaks no TLS, leaves a server that serves the next one."""
    (tmp_path / "clients.pem").write_bytes(certificates.CertificateAuthority.create("clients").pem)
    own = certificates.self_signed(["127.0.0.1"], None)
    trusting = ssl.create_default_context(cadata=own.ca_bundle.decode())
    context = requesting_context(own, [tmp_path / "clients.pem"])
    async with serving(whoami, listen("127.0.0.1", 0), tls=context) as address:
        async with httpx.AsyncClient(verify=ssl.create_default_context()) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(address.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"\x16\x03\x01\x00\x05junk!")
        # An alert is all that is answered.
        assert (await asyncio.wait_for(reader.read(), 5))[:1] in (b"\x15", b"")
        writer.close()
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(address.url)).text == "nobody"


async def test_several_servers_run_in_one_loop_and_stop_when_their_block_ends() -> None:
    """Two servers answer side by side; after the block their ports refuse."""
    async with (
        serving(whoami, listen("127.0.0.1", 0)) as first,
        serving(whoami, listen("127.0.0.1", 0)) as second,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(first.url)).text == (await client.get(second.url)).text == "nobody"
    for address in (first, second):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.host, address.port), timeout=5)


async def test_stopping_is_told_to_the_application_before_requests_are_waited_for() -> None:
    """A response that never ends by itself ends when the application hears that the server stops."""
    stop = asyncio.Event()
    begun = asyncio.Event()

    async def endless(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        await stop.wait()
        await send({"type": "http.response.body", "body": b"bye"})

    async with httpx.AsyncClient() as client:
        async with serving(endless, listen("127.0.0.1", 0), stopping=stop.set) as address:
            answer = asyncio.create_task(client.get(address.url))
            await asyncio.wait_for(begun.wait(), 5)
        assert (await asyncio.wait_for(answer, 5)).text == "bye"


def test_port_in_use_is_named_in_the_error() -> None:
    """Binding twice says which address it was."""
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BindError, match=f"failed to listen on 127.0.0.1:{port}: Address already in use"):
            listen("127.0.0.1", port)


def test_certificate_folder_outlives_a_restart(tmp_path: Path) -> None:
    """The second start presents the certificate of the first; keys are readable by their owner alone."""
    first = certificates.self_signed(["127.0.0.1"], tmp_path / "pki")
    assert certificates.self_signed(["127.0.0.1"], tmp_path / "pki") == first
    assert (tmp_path / "pki" / "apiserver.key").stat().st_mode & 0o777 == 0o600


def test_unusable_certificates_are_refused_with_their_name(tmp_path: Path) -> None:
    """A missing file, a file that is no certificate, and a client CA that is none each say so."""
    with pytest.raises(certificates.CertificateError, match=r"missing\.crt"):
        certificates.from_files(tmp_path / "missing.crt", tmp_path / "missing.key")
    junk = tmp_path / "junk.pem"
    junk.write_text("not a certificate")
    with pytest.raises(certificates.CertificateError, match="failed to load serving certificate"):
        certificates.server_context(certificates.from_files(junk, junk))
    with pytest.raises(certificates.CertificateError, match="unable to load client CA file"):
        requesting_context(certificates.self_signed(["localhost"], None), [junk])


def test_kubeconfig_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file holds a token, so nobody else may read it; writing over an old one leaves no draft behind."""
    path = tmp_path / "made" / "config"
    kubeconfig.write(path, "old")
    kubeconfig.write(path, kubeconfig.render("https://127.0.0.1:6443", b"CA", "secret"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "token: secret" in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["config"]
