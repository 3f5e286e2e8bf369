"""`--cert-dir`: a pair that is there is used, one that is not is made, and nothing is written over."""

import ssl
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.serving.certificates import (
    CertificateAuthority,
    CertificateError,
    ServingCertificate,
    self_signed,
    server_context,
)
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.serving.conftest import echo

HOSTS = ["127.0.0.1"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def supply(folder: Path, authority: CertificateAuthority, *names: str) -> None:
    """Put what an operator has into the folder."""
    pair = authority.issue("kube-apiserver", hosts=HOSTS)
    files = {"apiserver.crt": pair.certificate + authority.pem, "apiserver.key": pair.key, "ca.crt": authority.pem}
    for name in names:
        (folder / name).write_bytes(files[name])


async def serves(certificate: ServingCertificate) -> bool:
    """Whether a client that trusts the bundle comes through to a server that presents the pair."""
    tls = server_context(certificate)
    trusting = ssl.create_default_context(cadata=certificate.ca_bundle.decode())
    async with serving(echo, listen("127.0.0.1", 0), tls=tls) as at, httpx.AsyncClient(verify=trusting) as client:
        return (await client.get(at.url)).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("names", [("apiserver.crt", "apiserver.key"), ("apiserver.crt", "apiserver.key", "ca.crt")])
async def test_pair_that_is_there_is_used(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Whether or not its authority is there, too: clients are told to trust what leads to it, and no file changes or comes."""
    supply(tmp_path, CertificateAuthority.create("operator"), *names)
    before = contents(tmp_path)
    used = self_signed(HOSTS, tmp_path)
    assert (used.pair.certificate, used.pair.key) == (before["apiserver.crt"], before["apiserver.key"])
    assert await serves(used)
    assert contents(tmp_path) == before


@pytest.mark.anyio
async def test_authority_that_has_not_signed_the_pair_is_not_given_to_clients(tmp_path: Path) -> None:
    """A `ca.crt` left from another pair leads nobody astray."""
    supply(tmp_path, CertificateAuthority.create("former"), "ca.crt")
    supply(tmp_path, CertificateAuthority.create("operator"), "apiserver.crt", "apiserver.key")
    before = contents(tmp_path)
    used = self_signed(HOSTS, tmp_path)
    assert before["ca.crt"] not in used.ca_bundle
    assert await serves(used)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("there", "missing"), [("apiserver.crt", "apiserver.key"), ("apiserver.key", "apiserver.crt")])
def test_half_a_pair_is_an_error(tmp_path: Path, there: str, missing: str) -> None:
    """It names the missing file, as kube-apiserver does, and nothing is written."""
    supply(tmp_path, CertificateAuthority.create("operator"), there, "ca.crt")
    before = contents(tmp_path)
    message = f"error reading {tmp_path / missing}, certificate and key must be supplied as a pair"
    with pytest.raises(CertificateError, match=f"^error creating self-signed certificates: {message}$"):
        self_signed(HOSTS, tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.anyio
async def test_pair_is_made_beside_an_authority_of_the_operators(tmp_path: Path) -> None:
    """The operator's `ca.crt` stays as it is, and clients trust what was made, now and after a restart."""
    supply(tmp_path, CertificateAuthority.create("operator"), "ca.crt")
    authority = (tmp_path / "ca.crt").read_bytes()
    made = self_signed(HOSTS, tmp_path)
    again = self_signed(HOSTS, tmp_path)
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert again.pair == made.pair
    assert await serves(made)
    assert await serves(again)


def test_pair_that_is_no_pair_is_an_error(tmp_path: Path) -> None:
    """Files that hold no certificate are neither used nor replaced."""
    for name in ("apiserver.crt", "apiserver.key"):
        (tmp_path / name).write_text("nonsense")
    before = contents(tmp_path)
    with pytest.raises(CertificateError, match="failed to load serving certificate"):
        server_context(self_signed(HOSTS, tmp_path))
    assert contents(tmp_path) == before
