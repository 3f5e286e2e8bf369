"""Tokens of a real OpenID provider: discovery and keys over TLS, and users made of claims by the --oidc- flags."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from joserfc.jwk import ECKey, RSAKey

from rootspan_apiserver import Environment
from tests.apiserver.authn.provider import Provider
from tests.apiserver.authn.tokens import token as handmade

pytestmark = pytest.mark.anyio

SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
CLAIMS = "oidc: verify token: oidc: failed to unmarshal claims"
TYPE = f"{CLAIMS}: json: cannot unmarshal"
PREFIX = "[invalid bearer token, "


class Cluster:
    """A server that knows the provider."""

    def __init__(self, client: httpx.AsyncClient, administrator: str) -> None:
        self.client = client
        self.administrator = administrator

    async def user(self, token: str) -> Any:
        """The user that the server sees, or the code of its refusal."""
        answer = await self.client.post(SELF, json={}, headers={"authorization": f"Bearer {token}"})
        return answer.json()["status"]["userInfo"] if answer.status_code == 201 else answer.status_code

    async def reason(self, token: str) -> str:
        headers = {"authorization": f"Bearer {self.administrator}"}
        answer = await self.client.post(REVIEWS, json={"spec": {"token": token}}, headers=headers)
        return str(answer.json()["status"].get("error", "")).removeprefix(PREFIX).removesuffix("]")

    async def ready(self, token: str) -> None:
        """Wait until the provider has been discovered, which a good token shows."""
        async with asyncio.timeout(20):
            while await self.reason(token) == "oidc: authenticator not initialized":
                pass


@asynccontextmanager
async def cluster(*flags: str) -> AsyncIterator[Cluster]:
    async with Environment(*flags) as env, httpx.AsyncClient(base_url=env.url, verify=False) as client:
        yield Cluster(client, env.token)


@asynccontextmanager
async def known_to(provider: Provider, folder: Path, *flags: str) -> AsyncIterator[Cluster]:
    path = folder / "provider.pem"
    path.write_text(provider.authority)
    own = (f"--oidc-issuer-url={provider.issuer}", "--oidc-client-id=cluster", f"--oidc-ca-file={path}")
    async with cluster(*own, *flags) as found:
        await found.ready(provider.token())
        yield found


@pytest.fixture
def provider() -> Any:
    with Provider(trustme.CA()).running() as running:
        yield running


async def test_user_of_a_token_has_the_issuer_before_the_name(provider: Provider, tmp_path: Path) -> None:
    """The claim `sub` names the user; `jti` identifies the credential; there are no groups unless a claim is named."""
    async with known_to(provider, tmp_path) as server:
        assert await server.user(provider.token(jti="t1", groups=["dev"])) == {
            "username": f"{provider.issuer}#alice",
            "groups": ["system:authenticated"],
            "extra": {"authentication.kubernetes.io/credential-id": ["JTI=t1"]},
        }


@pytest.mark.parametrize(
    ("flags", "claims", "name", "groups"),
    [
        (("--oidc-username-prefix=oidc:",), {}, "oidc:alice", ()),
        (("--oidc-username-prefix=-",), {}, "alice", ()),
        (("--oidc-username-claim=email",), {"email": "a@b"}, "a@b", ()),
        (("--oidc-username-claim=email",), {"email": "a@b", "email_verified": True}, "a@b", ()),
        (("--oidc-username-prefix=-", "--oidc-groups-claim=role"), {"role": "dev"}, "alice", ("dev",)),
        (
            ("--oidc-username-prefix=-", "--oidc-groups-claim=roles", "--oidc-groups-prefix=oidc:"),
            {"roles": ["dev", "ops"]},
            "alice",
            ("oidc:dev", "oidc:ops"),
        ),
        (("--oidc-username-prefix=-", "--oidc-required-claim=hd=x,y"), {"hd": "x,y"}, "alice", ()),
    ],
)
async def test_flags_say_how_claims_make_a_user(
    provider: Provider,
    tmp_path: Path,
    flags: tuple[str, ...],
    claims: dict[str, Any],
    name: str,
    groups: tuple[str, ...],
) -> None:
    """Prefixes, other claims, a group that is a text, and required claims, whose values may have commas."""
    async with known_to(provider, tmp_path, *flags) as server:
        user = await server.user(provider.token(**claims))
        assert (user["username"], user["groups"]) == (name, [*groups, "system:authenticated"])


async def test_token_that_is_wrong_is_refused_for_the_reason_of_kube_apiserver(
    provider: Provider, tmp_path: Path
) -> None:
    """Signed by another key or algorithm, for others, too late or too early, or without what is required."""
    stranger = RSAKey.generate_key(2048, parameters={"kid": "first"})
    pem = provider.keys[0].as_pem(private=False)
    unsigned = "oidc: verify token: failed to verify signature: failed to verify id token signature"
    expected = 'oidc: verify token: oidc: id token signed with unsupported algorithm, expected ["RS256"] got'
    flags = ("--oidc-groups-claim=groups", "--oidc-required-claim=hd=example")
    async with known_to(provider, tmp_path, *flags) as server:
        for token, reason in (
            (provider.token(key=stranger), unsigned),
            (provider.token(header={"kid": "none"}), unsigned),
            (handmade({"alg": "HS256", "kid": "first"}, provider.claims(), pem), f'{expected} "HS256"'),
            (provider.token(header={"alg": "RS384"}), f'{expected} "RS384"'),
            (provider.token(aud="other"), 'oidc: verify token: oidc: expected audience "cluster" got ["other"]'),
            (provider.token(aud=None), 'oidc: verify token: oidc: expected audience "cluster" got []'),
            (
                provider.token(exp=1_000_000_000),
                "oidc: verify token: oidc: token is expired (Token Expiry: 2001-09-09 01:46:40 +0000 UTC)",
            ),
            (
                provider.token(exp=None),
                "oidc: verify token: oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)",
            ),
            (handmade({"kid": "first"}, provider.claims(), None), f'{expected} ""'),
            (provider.token(aud=5), f"{TYPE} number into Go struct field idToken.aud of type []string"),
            (provider.token(aud=["cluster", 5]), f"{TYPE} number into Go struct field idToken.aud of type string"),
            (
                provider.token(_claim_names="x"),
                f"{TYPE} string into Go struct field idToken._claim_names of type map[string]string",
            ),
            (provider.token(_claim_names={"groups": "s"}), "oidc: verify token: oidc: source does not exist"),
            (
                provider.token(_claim_names={"groups": ""}),
                "oidc: verify token: oidc: failed to obtain source from claim name",
            ),
            (
                provider.token(nbf="x"),
                f'{CLAIMS}: json: invalid number literal, trying to unmarshal "\\"x\\"" into Number',
            ),
            (provider.token(sub=None), 'oidc: parse username claims "sub": claim not present'),
            (provider.token(sub=7), f"{TYPE} number into Go struct field idToken.sub of type string"),
            (
                provider.token(groups=[7]),
                'oidc: parse groups claim "groups": json: cannot unmarshal array into Go value of type string',
            ),
            (provider.token(), "oidc: required claim hd not present in ID token"),
            (
                provider.token(hd="evil"),
                "oidc: required claim hd value does not match. Got = evil, want = example",
            ),
        ):
            assert await server.reason(token) == reason
            assert await server.user(token) == 401
        assert (await server.reason(provider.token(nbf=9_999_999_999))).startswith(
            "oidc: verify token: oidc: current time "
        )
        for other in (f"{provider.issuer}/", "https://evil.example"):
            assert await server.reason(provider.token(iss=other)) == "invalid bearer token"
        assert (await server.user(provider.token(hd="example")))["username"] == f"{provider.issuer}#alice"


async def test_unverified_address_names_nobody(provider: Provider, tmp_path: Path) -> None:
    """`email_verified` has to be true if it is there."""
    async with known_to(provider, tmp_path, "--oidc-username-claim=email") as server:
        assert await server.reason(provider.token(email="a@b", email_verified=False)) == "oidc: email not verified"
        told = "oidc: parse 'email_verified' claim: json: cannot unmarshal string into Go value of type bool"
        assert await server.reason(provider.token(email="a@b", email_verified="true")) == told


async def test_new_key_of_the_provider_is_fetched_when_a_token_names_it(provider: Provider, tmp_path: Path) -> None:
    """Once for many requests at a time; a known key is used without asking again, also while the provider is away."""
    async with known_to(provider, tmp_path, "--oidc-signing-algs=RS256,ES256") as server:
        fetched = provider.fetched["/keys"]
        await server.user(provider.token())
        assert provider.fetched["/keys"] == fetched
        provider.keys.append(ECKey.generate_key("P-256", parameters={"kid": "second"}))
        users = await asyncio.gather(*(server.user(provider.token()) for _ in range(8)))
        assert {user["username"] for user in users} == {f"{provider.issuer}#alice"}
        assert fetched < provider.fetched["/keys"] <= fetched + 8
        provider.is_away = True
        assert (await server.user(provider.token()))["username"] == f"{provider.issuer}#alice"
        told = "oidc: verify token: failed to verify signature: fetching keys oidc: get keys failed 503 Service Unavailable"
        assert (await server.reason(provider.token(header={"kid": "third"}))).startswith(told)


async def test_keys_that_are_fresh_are_not_fetched_for_an_unknown_one(provider: Provider, tmp_path: Path) -> None:
    """The provider says for how long: an attacker cannot make the server ask it with each token."""
    provider.cache_control = "public, max-age=3600"
    async with known_to(provider, tmp_path) as server:
        fetched = provider.fetched["/keys"]
        stranger = RSAKey.generate_key(2048, parameters={"kid": "unknown"})
        for _ in range(3):
            assert await server.user(provider.token(key=stranger)) == 401
        assert provider.fetched["/keys"] == fetched


async def test_groups_at_another_endpoint_are_fetched(provider: Provider, tmp_path: Path) -> None:
    """A distributed claim is a token of its own, which has to be valid for the same audience."""
    provider.others["/groups"] = provider.token(groups=["dev", "ops"]).encode()
    provider.others["/stolen"] = provider.token(groups=["admin"], aud="other").encode()
    provider.others["/empty"] = provider.token().encode()

    def token(path: str, **endpoint: str) -> str:
        sources = {"source": {"endpoint": provider.url + path, **endpoint}}
        return provider.token(_claim_names={"groups": "source"}, _claim_sources=sources)

    failed = "oidc: could not expand distributed claims:"
    async with known_to(provider, tmp_path, "--oidc-groups-claim=groups") as server:
        user = await server.user(token("/groups", access_token="secret"))
        assert user["groups"] == ["dev", "ops", "system:authenticated"]
        assert "Bearer secret" in provider.bearers
        told = f'{failed} verify distributed claim token: oidc: expected audience "cluster" got ["other"]'
        assert await server.reason(token("/stolen")) == told
        told = (
            f'{failed} jwt returned by distributed claim endpoint "{provider.url}/empty" did not contain claim: groups'
        )
        assert await server.reason(token("/empty")) == told
        told = f'{failed} while getting distributed claim "groups": error while getting distributed claim JWT: 503'
        assert (await server.reason(token("/none"))).startswith(told)


async def test_provider_that_the_server_does_not_trust_lets_no_token_in(provider: Provider, tmp_path: Path) -> None:
    """Neither its certificate by the authorities of the system, nor a document that names another issuer."""
    flags = (f"--oidc-issuer-url={provider.issuer}", "--oidc-client-id=cluster")
    async with cluster(*flags) as server:
        assert await server.reason(provider.token()) == "oidc: authenticator not initialized"
        assert await server.user(provider.token()) == 401
    provider.issuer = "https://other.example"
    path = tmp_path / "provider.pem"
    path.write_text(provider.authority)
    async with cluster(
        f"--oidc-issuer-url={provider.url}", "--oidc-client-id=cluster", f"--oidc-ca-file={path}"
    ) as server:
        assert await asyncio.to_thread(provider.discovered.wait, 20)
        assert await server.user(provider.token(iss=provider.url)) == 401
        assert "/keys" not in provider.fetched


def test_document_of_the_provider_is_json() -> None:
    """The provider of these tests speaks the protocol."""
    provider = Provider(trustme.CA())
    with provider.running():
        document = httpx.get(f"{provider.url}/.well-known/openid-configuration", verify=False)
        assert json.loads(document.content)["jwks_uri"] == f"{provider.url}/keys"
