"""Tokens in secrets, which never expire: valid while their secret has them, and tracked by a label of the secret."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rootspan_apiserver import Environment
from tests.apiserver.authn.tokens import key_id, private_pem, token

SECRETS = "/api/v1/namespaces/default/secrets"
CLAIM = "kubernetes.io/serviceaccount/"
KEY = rsa.generate_private_key(65537, 2048)
MERGE = {"content-type": "application/merge-patch+json"}


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


class World:
    """A server with the account `robot`, and the tokens in secrets that a token controller would write."""

    def __init__(self, client: httpx.Client, uid: str) -> None:
        self.client = client
        self.uid = uid

    def token_in(self, name: str, labels: dict[str, str]) -> str:
        """Create a secret with a token in it."""
        made = self.token_of(name)
        secret = {
            "metadata": {
                "name": name,
                "labels": labels,
                "annotations": {"kubernetes.io/service-account.name": "robot"},
            },
            "type": "kubernetes.io/service-account-token",
            "data": {"token": base64.b64encode(made.encode()).decode()},
        }
        assert self.client.post(SECRETS, json=secret).status_code == 201
        return made

    def token_of(self, secret: str, **changes: str) -> str:
        claims = {
            "iss": "kubernetes/serviceaccount",
            "sub": "system:serviceaccount:default:robot",
            f"{CLAIM}namespace": "default",
            f"{CLAIM}secret.name": secret,
            f"{CLAIM}service-account.name": "robot",
            f"{CLAIM}service-account.uid": self.uid,
            **changes,
        }
        return token({"alg": "RS256", "kid": key_id(KEY)}, claims, KEY)

    def use(self, credentials: str) -> httpx.Response:
        return self.client.get("/apis/authentication.k8s.io/v1", headers={"authorization": f"Bearer {credentials}"})

    def review(self, credentials: str) -> str:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": credentials}}
        status = self.client.post("/apis/authentication.k8s.io/v1/tokenreviews", json=review).json()["status"]
        return str(status.get("error", "authenticated"))

    def label(self, secret: str) -> str | None:
        labels = self.client.get(f"{SECRETS}/{secret}").json()["metadata"].get("labels") or {}
        found: str | None = labels.get("kubernetes.io/legacy-token-last-used")
        return found


@pytest.fixture(params=["true"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The parameter is the value of --service-account-lookup."""
    path = tmp_path / "sa.key"
    path.write_bytes(private_pem(KEY))
    flags = [f"--service-account-{name}={path}" for name in ("key-file", "signing-key-file")]
    flags.append("--controllers=*,-serviceaccount-token-controller")
    with Environment(f"--service-account-lookup={request.param}", *flags) as env:
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, verify=False, headers=headers) as client:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
            created = client.post("/api/v1/namespaces/default/serviceaccounts", json=account)
            yield World(client, created.json()["metadata"]["uid"])


def test_token_in_a_secret_is_valid_while_the_secret_has_it(world: World) -> None:
    """Its use is noted in a label of the secret, once a day; with the secret or the account it ends."""
    used = world.token_in("mine", {})
    assert world.use(used).status_code == 200
    assert world.label("mine") == today()
    version = world.client.get(f"{SECRETS}/mine").json()["metadata"]["resourceVersion"]
    assert world.use(used).status_code == 200
    assert world.client.get(f"{SECRETS}/mine").json()["metadata"]["resourceVersion"] == version
    changed = world.token_of("mine", jti="x")
    assert world.review(changed) == "[invalid bearer token, Token does not match server's copy]"
    world.client.delete(f"{SECRETS}/mine")
    assert world.use(used).status_code == 401
    assert world.review(used) == "[invalid bearer token, Token has been invalidated]"


def test_label_of_an_earlier_day_is_renewed(world: World) -> None:
    """That of tomorrow, which a server with another clock has set, is not."""
    day = datetime.now(UTC)
    for name, before, after in (
        ("old", f"{day - timedelta(days=9):%Y-%m-%d}", today()),
        ("ahead", f"{day + timedelta(days=1):%Y-%m-%d}", f"{day + timedelta(days=1):%Y-%m-%d}"),
    ):
        assert world.use(world.token_in(name, {"kubernetes.io/legacy-token-last-used": before})).status_code == 200
        assert world.label(name) == after


def test_token_that_is_marked_as_invalid_is_refused_and_tracked(world: World) -> None:
    """The label by which a cluster retires unused tokens."""
    retired = world.token_in("mine", {"kubernetes.io/legacy-token-invalid-since": "2026-01-01"})
    assert world.review(retired).startswith(
        "[invalid bearer token, the token in secret default/mine for service account default/robot has been marked invalid."
    )
    assert world.label("mine") == today()


def test_token_that_its_account_lists_is_warned_of(world: World) -> None:
    """Such a token was generated by an old cluster."""
    generated = world.token_in("mine", {})
    assert "warning" not in world.use(generated).headers
    path = "/api/v1/namespaces/default/serviceaccounts/robot"
    world.client.patch(path, json={"secrets": [{"name": "mine"}]}, headers=MERGE)
    assert world.use(generated).headers["warning"].startswith('299 - "Use tokens from the TokenRequest API')


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": ""}, "sub claim is missing"),
        ({f"{CLAIM}namespace": ""}, "namespace claim is missing"),
        ({f"{CLAIM}secret.name": ""}, "secretName claim is missing"),
        ({f"{CLAIM}service-account.name": ""}, "serviceAccountName claim is missing"),
        ({f"{CLAIM}service-account.uid": ""}, "serviceAccountUID claim is missing"),
        ({"sub": "system:serviceaccount:default:other"}, "sub claim is invalid"),
        ({"aud": "vault"}, 'token audiences ["vault"] is invalid for the target audiences'),
    ],
)
def test_token_that_lacks_a_claim_is_refused(world: World, changes: dict[str, str], reason: str) -> None:
    """In the words of kube-apiserver."""
    assert world.review(world.token_of("mine", **changes)).startswith(f"[invalid bearer token, {reason}")


@pytest.mark.parametrize("world", ["false"], indirect=True)
def test_without_lookup_the_secret_need_not_exist(world: World) -> None:
    """--service-account-lookup=false believes the signature."""
    assert world.use(world.token_of("never-there")).status_code == 200
