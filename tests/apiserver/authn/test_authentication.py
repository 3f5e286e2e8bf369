"""Who is calling."""

from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.x509.oid import NameOID

from rootspan_apiserver.authn.authentication import (
    Anonymous,
    Authenticated,
    ClientCertificates,
    Credentials,
    TokenFileError,
    Tokens,
    Unauthenticated,
    Union,
    bearer_token,
    loopback_tokens,
)
from rootspan_apiserver.kube.users import User

pytestmark = pytest.mark.anyio


async def test_token_file(tmp_path: Path) -> None:
    """Each line names a user with its groups; every user is in system:authenticated."""
    path = tmp_path / "tokens.csv"
    path.write_text('secret,alice,u1,"system:masters,dev"\nother,bob,u2\n', "utf-8")
    tokens = Tokens.of_file(path)
    alice = await tokens.authenticate(Credentials("secret"))
    assert alice == Authenticated(User("alice", "u1", ("system:masters", "dev", "system:authenticated")))
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
    assert anonymous.user.name == "system:anonymous"
    with pytest.raises(Unauthenticated, match=r"^invalid bearer token$"):
        await authenticator.authenticate(Credentials("guessed"))


@pytest.mark.parametrize(
    ("credentials", "found"),
    [
        (Credentials("known"), ("system:apiserver", ("own", "too"))),
        (Credentials("known", audiences=("other", "too")), ("system:apiserver", ("too",))),
        (Credentials("known", audiences=("other",)), None),
        (Credentials(audiences=("other",)), ("system:anonymous", ("other",))),
        (Credentials(), ("system:anonymous", ("own", "too"))),
    ],
)
async def test_audiences_of_credentials_that_know_none(
    credentials: Credentials, found: tuple[str, tuple[str, ...]] | None
) -> None:
    """They are good for those of the server's own audiences that are asked for, and for no others."""
    authenticator = Union([loopback_tokens("known"), Anonymous()], ["own", "too"])
    if found is None:
        with pytest.raises(Unauthenticated, match=r"^invalid bearer token$"):
            await authenticator.authenticate(credentials)
        return
    answer = await authenticator.authenticate(credentials)
    assert answer is not None
    assert (answer.user.name, answer.audiences) == found


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer abc", "abc"),
        ("bEaReR abc", "abc"),
        (" Bearer abc ", "abc"),
        ("Bearer abc def", "abc"),
        ("Bearer  abc", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Basic abc", ""),
        ("", ""),
    ],
)
def test_bearer_token_of_a_header(authorization: str, token: str) -> None:
    """The first word behind the scheme, one space apart."""
    assert bearer_token(authorization) == token


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
    assert user == Authenticated(User("carol", groups=("system:masters", "system:authenticated")))
