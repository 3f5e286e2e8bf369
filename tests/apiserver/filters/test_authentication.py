"""Who is calling."""

from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.x509.oid import NameOID

from rootspan_apiserver.authentication import (
    Anonymous,
    ClientCertificates,
    Credentials,
    TokenFileError,
    Tokens,
    Unauthenticated,
    Union,
    loopback_tokens,
)
from rootspan_apiserver.identity import User
from rootspan_apiserver.service_account_tokens import ServiceAccountTokens

pytestmark = pytest.mark.anyio


async def test_token_file(tmp_path: Path) -> None:
    """Each line names a user with its groups; every user is in system:authenticated."""
    path = tmp_path / "tokens.csv"
    path.write_text('secret,alice,u1,"system:masters,dev"\nother,bob,u2\n', "utf-8")
    tokens = Tokens.of_file(path)
    alice = await tokens.authenticate(Credentials("secret"))
    assert alice == User("alice", "u1", ("system:masters", "dev", "system:authenticated"))
    assert await tokens.authenticate(Credentials("nobody's")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("token,user\n", "line 1: expected token, user name and user uid, found 2 columns"),
        (",a,b\n", "line 1: the token"),
    ],
)
def test_a_bad_token_file(tmp_path: Path, text: str, message: str) -> None:
    """A line that is not understood names itself."""
    path = tmp_path / "tokens.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(TokenFileError, match=message):
        Tokens.of_file(path)


def test_no_token_file(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(TokenFileError, match="cannot read the token file"):
        Tokens.of_file(tmp_path / "missing.csv")


async def test_wrong_credentials_are_not_anonymous() -> None:
    """A bearer token nobody knows is refused where a request without one is anonymous."""
    authenticator = Union([loopback_tokens("known"), Anonymous()])
    anonymous = await authenticator.authenticate(Credentials())
    assert anonymous is not None
    assert anonymous.name == "system:anonymous"
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(Credentials("guessed"))


async def test_client_certificate() -> None:
    """The subject of a client's certificate is its user: CN the name, O the groups."""
    authority = trustme.CA()
    pem = (
        authority.issue_cert(common_name="carol", organization_name="system:masters")
        .cert_chain_pems[0]
        .bytes()
        .decode()
    )
    names = x509.load_pem_x509_certificate(pem.encode()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert names[0].value == "carol"
    user = await ClientCertificates().authenticate(Credentials(certificate=pem))
    assert user == User("carol", groups=("system:masters", "system:authenticated"))


async def test_service_account_tokens() -> None:
    """A token of a service account is known to the server that issued it, and to no other."""
    tokens = ServiceAccountTokens("https://kubernetes.default.svc")
    token, _ = tokens.issue("team", "builder", "uid-1")
    user = await tokens.authenticate(Credentials(token))
    assert user is not None
    assert (user.name, user.uid) == ("system:serviceaccount:team:builder", "uid-1")
    assert "system:serviceaccounts:team" in user.groups
    with pytest.raises(Unauthenticated):
        await ServiceAccountTokens("https://kubernetes.default.svc").authenticate(Credentials(token))


async def test_an_expired_token() -> None:
    """A token is refused once its time is over."""
    tokens = ServiceAccountTokens("issuer")
    token, _ = tokens.issue("team", "builder", "uid-1", seconds=0)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(Credentials(token))


@pytest.mark.parametrize("token", ["a.b.c", "..", "é.é.é", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA"])
async def test_what_is_no_token_of_ours(token: str) -> None:
    """Text that only looks like a token is left to the other authenticators."""
    assert await ServiceAccountTokens("issuer").authenticate(Credentials(token)) is None
