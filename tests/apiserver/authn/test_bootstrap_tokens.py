"""Bootstrap tokens: what their secrets confirm gets in, by --enable-bootstrap-token-auth only, and nothing else does."""

import base64
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment

SECRETS = "/api/v1/namespaces/kube-system/secrets"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
TOKEN = "abcdef.0123456789abcdef"
GOOD: Mapping[str, str] = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "expiration": "2999-01-01T00:00:00Z",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:workers,system:bootstrappers:a",
}


@contextlib.contextmanager
def administrator(*flags: str) -> Iterator[httpx.Client]:
    with Environment(*flags) as env:
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, verify=False, headers=headers) as client:
            yield client


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with administrator("--enable-bootstrap-token-auth") as found:
        yield found


def secret(client: httpx.Client, data: Mapping[str, str], *, kind: str = "bootstrap.kubernetes.io/token") -> str:
    """Create the secret of TOKEN with `data` in the place of another one, and return its path."""
    path = f"{SECRETS}/bootstrap-token-abcdef"
    client.delete(path)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    body = {"metadata": {"name": "bootstrap-token-abcdef"}, "type": kind, "data": encoded}
    assert client.post(SECRETS, json=body).status_code == 201
    return path


def review(client: httpx.Client, token: str = TOKEN) -> dict[str, Any]:
    status: dict[str, Any] = client.post(REVIEWS, json={"spec": {"token": token}}).json()["status"]
    return status


def test_bootstrap_token_is_a_user_of_its_id_and_groups(client: httpx.Client) -> None:
    """The user is named by the ID, and is in the groups of the secret, the one of all such tokens and that of everybody."""
    path = secret(client, GOOD)
    assert review(client)["user"] == {
        "username": "system:bootstrap:abcdef",
        "groups": [
            "system:bootstrappers",
            "system:bootstrappers:a",
            "system:bootstrappers:workers",
            "system:authenticated",
        ],
    }
    used = client.get("/version", headers={"authorization": f"Bearer {TOKEN}"})
    assert used.status_code == 200
    client.delete(path)
    assert client.get("/api", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token-secret", "0123456789abcdee"),
        ("token-secret", ""),
        ("token-id", "abcdeg"),
        ("expiration", "2020-01-01T00:00:00Z"),
        ("expiration", "tomorrow"),
        ("usage-bootstrap-authentication", "false"),
        ("usage-bootstrap-authentication", "True"),
        ("auth-extra-groups", "system:masters"),
        ("auth-extra-groups", "system:bootstrappers:a,system:bootstrappers:A"),
        ("auth-extra-groups", "system:bootstrappers:a\n"),
    ],
)
def test_bootstrap_token_with_faulty_secret_is_refused(client: httpx.Client, field: str, value: str) -> None:
    """A secret with another value, over, not for authentication or with other groups confirms no token."""
    secret(client, {**GOOD, field: value}, kind="bootstrap.kubernetes.io/token")
    status = review(client)
    assert "authenticated" not in status
    assert status["error"] == "invalid bearer token"


def test_secret_of_another_type_confirms_no_bootstrap_token(client: httpx.Client) -> None:
    """Whoever may only create opaque secrets cannot make a token."""
    secret(client, GOOD, kind="Opaque")
    assert "authenticated" not in review(client)


@pytest.mark.parametrize(
    "token", ["abcdef.0123456789abcde", "ABCDEF.0123456789abcdef", f"x{TOKEN}", "abcdeg.0123456789abcdef"]
)
def test_malformed_bootstrap_token_is_refused(client: httpx.Client, token: str) -> None:
    """A token that is too short, in capitals, longer, or of another ID is none."""
    secret(client, GOOD)
    assert "authenticated" not in review(client, token)


def test_bootstrap_tokens_are_refused_by_default() -> None:
    """Without the flag, the secret is a secret and no more."""
    with administrator() as client:
        secret(client, GOOD)
        assert "authenticated" not in review(client)
