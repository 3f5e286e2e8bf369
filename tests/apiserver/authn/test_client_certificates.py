"""Client certificates over TLS: whom they name, and that none gets in that --client-ca-file does not vouch for."""

import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

from rootspan_apiserver import Environment
from rootspan_apiserver.authn.client_certificates import USER_ID

CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Certificate:
    """A certificate, its key, and those above it that a client sends along."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    def pem(self) -> bytes:
        plain = serialization.NoEncryption()
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        chain = (self.certificate, *self.above)
        return key + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)


def issue(
    authority: Certificate | None,
    names: Sequence[tuple[x509.ObjectIdentifier, str]],
    *,
    is_ca: bool = False,
    usages: Sequence[x509.ObjectIdentifier] = CLIENTS,
    days: tuple[int, int] = (-1, 1),
    send_above: bool = False,
) -> Certificate:
    """A certificate that `authority` signs, or itself. `days` are the first and the last one of its life."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if usages and not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signed = builder.sign(authority.key if authority else key, hashes.SHA256())
    above = (authority.certificate, *authority.above) if authority and send_above else ()
    return Certificate(signed, key, above)


def cn(*values: str) -> list[tuple[x509.ObjectIdentifier, str]]:
    return [(NameOID.COMMON_NAME, value) for value in values]


CA = issue(None, cn("clients"), is_ca=True)
STRANGER = issue(None, cn("clients"), is_ca=True)
MIDDLE = issue(CA, cn("middle"), is_ca=True)
ALICE = [(NameOID.ORGANIZATION_NAME, "dev"), (NameOID.ORGANIZATION_NAME, "ops"), *cn("alice")]


@dataclass(frozen=True)
class World:
    env: Environment

    def client(self, certificate: Certificate | None, token: str = "") -> httpx.Client:
        context = ssl.create_default_context(cadata=self.env.ca_bundle.decode())
        if certificate is not None:
            with tempfile.NamedTemporaryFile() as file:
                file.write(certificate.pem())
                file.flush()
                context.load_cert_chain(file.name)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.env.url, verify=context, headers=headers)

    def user(self, certificate: Certificate | None, token: str = "") -> Any:
        """The user that the server sees, or the code of its refusal."""
        with self.client(certificate, token) as client:
            answer = client.post(SELF, json={})
            return answer.json()["status"]["userInfo"] if answer.status_code == 201 else answer.status_code


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("pki") / "ca.pem"
    path.write_bytes(CA.certificate.public_bytes(serialization.Encoding.PEM))
    with Environment(f"--client-ca-file={path}") as env:
        yield World(env)


def test_subject_is_the_user(world: World) -> None:
    """CN is the name, each O a group; the credential is known by the digest of the certificate."""
    alice = issue(CA, ALICE)
    assert world.user(alice) == {
        "username": "alice",
        "groups": ["dev", "ops", "system:authenticated"],
        "extra": {
            "authentication.kubernetes.io/credential-id": [
                f"X509SHA256={alice.certificate.fingerprint(hashes.SHA256()).hex()}"
            ]
        },
    }


GOOD: dict[str, tuple[Callable[[], Certificate], dict[str, str]]] = {
    "a uid": (partial(issue, CA, [*ALICE, (USER_ID, "u-1")]), {"username": "alice", "uid": "u-1"}),
    "two names": (partial(issue, CA, cn("alice", "bob")), {"username": "bob"}),
    "no extended key usage": (partial(issue, CA, ALICE, usages=()), {"username": "alice"}),
    "any extended key usage": (
        partial(issue, CA, ALICE, usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        {"username": "alice"},
    ),
    "an authority in between": (partial(issue, MIDDLE, ALICE, send_above=True), {"username": "alice"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_certificate_that_is_right_gets_in(world: World, name: str) -> None:
    """As with kube-apiserver."""
    made, user = GOOD[name]
    seen = world.user(made())
    assert {key: seen.get(key) for key in user} == user


ATTACKS: dict[str, Callable[[], Certificate]] = {
    "of a stranger with the authority's name": partial(issue, STRANGER, ALICE),
    "signed by itself": partial(issue, None, ALICE),
    "expired": partial(issue, CA, ALICE, days=(-9, -1)),
    "not valid yet": partial(issue, CA, ALICE, days=(1, 9)),
    "of a server": partial(issue, CA, ALICE, usages=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "signed by another client": lambda: issue(issue(CA, cn("bob")), ALICE, send_above=True),
    "signed by an authority that expired": lambda: issue(
        issue(CA, cn("old"), is_ca=True, days=(-9, -1)), ALICE, send_above=True
    ),
    "with a link missing": partial(issue, MIDDLE, ALICE),
    "with two uids": partial(issue, CA, [*ALICE, (USER_ID, "u-1"), (USER_ID, "u-2")]),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_certificate_that_is_wrong_is_answered_401_and_does_not_cut_the_connection(world: World, name: str) -> None:
    """Not even what is open to all is answered; with a good token on the same connection the user is that of the token."""
    wrong = ATTACKS[name]()
    with world.client(wrong) as client:
        assert client.post(SELF, json={}).status_code == 401
        assert client.get("/version").status_code == 401
        token = {"authorization": f"Bearer {world.env.token}"}
        assert client.post(SELF, json={}, headers=token).json()["status"]["userInfo"]["username"] == "kubernetes-admin"
        assert client.post(SELF, json={}, headers={"authorization": "Bearer guessed"}).status_code == 401


def test_certificate_without_a_name_is_no_credential(world: World) -> None:
    """It is as if there were none: a token decides."""
    nameless = issue(CA, [(NameOID.ORGANIZATION_NAME, "system:masters")])
    assert world.user(nameless) == world.user(None)
    assert world.user(nameless, world.env.token)["username"] == "kubernetes-admin"


def test_right_certificate_counts_before_a_token(world: World) -> None:
    """The order of kube-apiserver; a token that is wrong does not matter then."""
    for token in (world.env.token, "guessed"):
        assert world.user(issue(CA, ALICE), token)["username"] == "alice"


def test_handshake_names_the_authorities(world: World) -> None:
    """By them a client with several certificates chooses."""
    port = httpx.URL(world.env.url).port
    assert port is not None
    seen: list[str] = []
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        while True:
            wire.sendall(connection.bio_read(1 << 16))
            connection.bio_write(wire.recv(1 << 16))
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                continue
            break
        seen = [str(name.CN) for name in connection.get_client_ca_list()]
    assert seen == ["clients"]


def test_uid_of_a_certificate_is_read_by_a_feature_that_can_be_switched_off(tmp_path: Path) -> None:
    """AllowParsingUserUIDFromCertAuth=false: the attribute is ignored."""
    path = tmp_path / "ca.pem"
    path.write_bytes(CA.certificate.public_bytes(serialization.Encoding.PEM))
    with Environment(f"--client-ca-file={path}", "--feature-gates=AllowParsingUserUIDFromCertAuth=false") as env:
        user = World(env).user(issue(CA, [*ALICE, (USER_ID, "u-1")]))
    assert (user["username"], user.get("uid")) == ("alice", None)
