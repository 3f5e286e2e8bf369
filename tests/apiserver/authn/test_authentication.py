"""Static tokens, anonymous users, and the order in which authenticators are consulted."""

from pathlib import Path

import pytest

from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, InvalidCredentialsError, bearer_token
from rootspan_apiserver.authn.loopback import loopback_authenticator
from rootspan_apiserver.authn.tokens import TokenFileError, read_token_file
from rootspan_apiserver.authn.union import UnionAuthenticator
from rootspan_apiserver.kube.users import User

pytestmark = pytest.mark.anyio


async def test_token_file_gives_users_and_groups(tmp_path: Path) -> None:
    """Each line names a user with its groups; every user is in system:authenticated."""
    path = tmp_path / "tokens.csv"
    path.write_text('secret,alice,u1,"system:masters,dev"\nother,bob,u2\n', "utf-8")
    tokens = read_token_file(path)
    alice = await tokens.authenticate(Credentials("secret"))
    assert alice == Authenticated(User("alice", "u1", ("system:masters", "dev", "system:authenticated")))
    assert await tokens.authenticate(Credentials("unknown")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("token,user\n", "line 1: expected token, user name and user uid, found 2 columns"),
        (",a,b\n", "line 1: the token"),
    ],
)
def test_malformed_token_file_is_rejected(tmp_path: Path, text: str, message: str) -> None:
    """The error names the line that is malformed."""
    path = tmp_path / "tokens.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(TokenFileError, match=message):
        read_token_file(path)


def test_missing_token_file_is_rejected(tmp_path: Path) -> None:
    """The error names a file that cannot be read."""
    with pytest.raises(TokenFileError, match="cannot read the token file"):
        read_token_file(tmp_path / "missing.csv")


async def test_unknown_token_is_rejected() -> None:
    """An unknown bearer token is rejected although requests without credentials are anonymous."""
    authenticator = UnionAuthenticator([loopback_authenticator("known"), AnonymousAuthenticator()])
    anonymous = await authenticator.authenticate(Credentials())
    assert anonymous is not None
    assert anonymous.user.name == "system:anonymous"
    with pytest.raises(InvalidCredentialsError, match=r"^invalid bearer token$"):
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
async def test_credentials_without_audiences_are_valid_for_those_of_the_server(
    credentials: Credentials, found: tuple[str, tuple[str, ...]] | None
) -> None:
    """They are valid for the requested ones among the server's own audiences, and for no others."""
    authenticator = UnionAuthenticator([loopback_authenticator("known"), AnonymousAuthenticator()], ["own", "too"])
    if found is None:
        with pytest.raises(InvalidCredentialsError, match=r"^invalid bearer token$"):
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
def test_bearer_token_of_header(authorization: str, token: str) -> None:
    """The token is the word that follows the scheme and one space."""
    assert bearer_token(authorization) == token
