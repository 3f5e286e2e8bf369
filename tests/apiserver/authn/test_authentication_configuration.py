"""Users by the file of --authentication-config: claims in CEL, several issuers, who is anonymous, and files that change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import yaml

from rootspan_apiserver import Environment
from tests.apiserver.authn.provider import Provider

pytestmark = pytest.mark.anyio

SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
NOT_READY = "[invalid bearer token, oidc: authenticator not initialized]"


def issuer_of(provider: Provider, **more: Any) -> dict[str, Any]:
    """An entry of `jwt`; `mappings` are its claim mappings, `issuer` changes the issuer."""
    mappings = more.pop("mappings", {"username": {"claim": "sub", "prefix": ""}})
    issuer = {"url": provider.issuer, "audiences": ["cluster"], "certificateAuthority": provider.authority}
    return {"issuer": {**issuer, **more.pop("issuer", {})}, "claimMappings": mappings, **more}


def write(path: Path, *jwt: dict[str, Any], **more: Any) -> None:
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    path.write_text(yaml.safe_dump({**head, "jwt": list(jwt), **more}))


class Cluster:
    """A server with the file."""

    def __init__(self, client: httpx.AsyncClient, administrator: str) -> None:
        self.client = client
        self._administrator = administrator

    async def user(self, token: str) -> Any:
        answer = await self.client.post(SELF, json={}, headers={"authorization": f"Bearer {token}"})
        return answer.json()["status"]["userInfo"] if answer.status_code == 201 else answer.status_code

    async def reason(self, token: str) -> str:
        headers = {"authorization": f"Bearer {self._administrator}"}
        answer = await self.client.post(REVIEWS, json={"spec": {"token": token}}, headers=headers)
        return str(answer.json()["status"].get("error", ""))

    async def until(self, token: str, name: object) -> None:
        """Ask for the user of a token until it has the name, or until the answer is the code."""
        async with asyncio.timeout(30):
            while (found := await self.user(token)) != name and (found == 401 or found["username"] != name):
                pass


@asynccontextmanager
async def cluster(path: Path, *flags: str) -> AsyncIterator[Cluster]:
    async with (
        Environment(f"--authentication-config={path}", *flags) as env,
        httpx.AsyncClient(base_url=env.url, verify=False) as client,
    ):
        yield Cluster(client, env.token)


@pytest.fixture
def provider() -> Any:
    with Provider(trustme.CA()).running() as running:
        yield running


async def test_expressions_make_the_user(provider: Provider, tmp_path: Path) -> None:
    """Of claims that are nested, escaped and absent; empty values are left out."""
    mappings = {
        "username": {"expression": "'oidc:' + claims.name.first"},
        "groups": {"expression": "claims.roles__dot__all.map(r, r.id)"},
        "uid": {"expression": "claims.?number.orValue('none')"},
        "extra": [
            {"key": "a.io/tenant", "valueExpression": "claims.tenant"},
            {"key": "a.io/none", "valueExpression": "has(claims.none) ? claims.none : ''"},
            {"key": "a.io/old", "valueExpression": "claims.iat > 0 ? ['yes', ''] : []"},
        ],
    }
    path = tmp_path / "authentication.yaml"
    write(path, issuer_of(provider, mappings=mappings))
    claims: dict[str, Any] = {
        "name": {"first": "alice"},
        "roles.all": [{"id": "dev"}, {"id": ""}, {"id": "ops"}],
        "tenant": ["t1", "t2"],
    }
    async with cluster(path) as server:
        await server.until(provider.token(**claims), "oidc:alice")
        assert await server.user(provider.token(**claims)) == {
            "username": "oidc:alice",
            "uid": "none",
            "groups": ["dev", "ops", "system:authenticated"],
            "extra": {"a.io/tenant": ["t1", "t2"], "a.io/old": ["yes"]},
        }
        told = "oidc: error evaluating username claim expression"
        assert f"{told}: expression ''oidc:' + claims.name.first' resulted in error: no such key: name" in (
            await server.reason(provider.token())
        )
        wrong: dict[str, Any] = {**claims, "tenant": 7}
        assert "claims.tenant: expression must return a string or a list of strings" in (
            await server.reason(provider.token(**wrong))
        )


async def test_rules_refuse_tokens_and_users(provider: Provider, tmp_path: Path) -> None:
    """With the message of the operator. Nobody becomes a system user by a claim."""
    claim_rules = [
        {"claim": "hd", "requiredValue": "example"},
        {"expression": "claims.exp - claims.iat <= 3600.0", "message": "too long"},
    ]
    user_rules = [
        {"expression": "!user.username.startsWith('system:')", "message": "reserved"},
        {"expression": "user.groups.all(g, !g.startsWith('system:'))"},
    ]
    groups = {"claim": "groups", "prefix": ""}
    mappings = {"username": {"claim": "sub", "prefix": ""}, "groups": groups}
    path = tmp_path / "authentication.yaml"
    write(
        path, issuer_of(provider, mappings=mappings, claimValidationRules=claim_rules, userValidationRules=user_rules)
    )
    async with cluster(path) as server:
        await server.until(provider.token(hd="example"), "alice")
        for claims, told in (
            ({}, "oidc: required claim hd not present in ID token"),
            (
                {"hd": "example", "exp": 1 << 40},
                (
                    "oidc: error evaluating claim validation expression: "
                    "validation expression 'claims.exp - claims.iat <= 3600.0' failed: too long"
                ),
            ),
            (
                {"hd": "example", "sub": "system:admin"},
                (
                    "oidc: error evaluating user info validation rule: "
                    "validation expression '!user.username.startsWith('system:')' failed: reserved"
                ),
            ),
            (
                {"hd": "example", "groups": ["system:masters"]},
                (
                    "oidc: error evaluating user info validation rule: "
                    "validation expression 'user.groups.all(g, !g.startsWith('system:'))' failed: "
                ),
            ),
        ):
            forged = provider.token(**claims)
            assert await server.reason(forged) == f"[invalid bearer token, {told}]"
            assert await server.user(forged) == 401


async def test_several_issuers_and_audiences(provider: Provider, tmp_path: Path) -> None:
    """Each issuer has its own keys, also where both have a user of that name; discovery may be at another address."""
    path = tmp_path / "authentication.yaml"
    with Provider(trustme.CA()).running() as other:
        other.issuer = "https://other.example"
        elsewhere = {
            "discoveryURL": f"{other.url}/.well-known/openid-configuration",
            "audiences": ["a", "b"],
            "audienceMatchPolicy": "MatchAny",
        }
        prefixed = {"username": {"claim": "sub", "prefix": "other:"}}
        write(path, issuer_of(provider), issuer_of(other, issuer=elsewhere, mappings=prefixed))
        async with cluster(path) as server:
            await server.until(provider.token(), "alice")
            await server.until(other.token(aud=["x", "b"]), "other:alice")
            assert await server.user(other.token(aud="cluster")) == 401
            assert await server.user(other.token(iss=provider.issuer)) == 401
            assert await server.user(provider.token(iss=other.issuer, aud="a")) == 401


async def test_anonymous_users_are_let_in_at_the_paths_of_the_file(tmp_path: Path) -> None:
    """At these paths and no others, and not by a token that is wrong."""
    path = tmp_path / "authentication.yaml"
    write(path, anonymous={"enabled": True, "conditions": [{"path": "/healthz"}, {"path": "/livez"}]})
    async with cluster(path, "--authorization-mode=RBAC") as server:
        found = {
            at: (await server.client.get(at)).status_code
            for at in ("/healthz", "/livez", "/readyz", "/healthz/", "/api")
        }
        assert found == {"/healthz": 200, "/livez": 200, "/readyz": 401, "/healthz/": 401, "/api": 401}
        wrong = await server.client.get("/healthz", headers={"authorization": "Bearer guessed"})
        assert wrong.status_code == 401
    write(path, anonymous={"enabled": False})
    async with cluster(path, "--authorization-mode=RBAC") as server:
        assert (await server.client.get("/healthz")).status_code == 401


async def test_changed_file_is_followed_while_the_server_runs(
    provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An issuer comes and goes. A file that is not valid changes nothing, nor does one that says who is anonymous."""
    path = tmp_path / "authentication.yaml"
    write(path)
    token = provider.token()
    async with cluster(path) as server:
        assert await server.user(token) == 401
        write(path, issuer_of(provider))
        await server.until(token, "alice")
        for content, told in (
            ("{", "failed to load authentication config"),
            (path.read_text().replace("https://", "http://", 1), "failed to validate authentication config"),
            (
                path.read_text() + "anonymous: {enabled: true}\n",
                "anonymous: Forbidden: changed from initial configuration file",
            ),
        ):
            path.write_text(content)
            async with asyncio.timeout(30):
                while not any(told in message for message in caplog.messages):
                    assert (await server.user(token))["username"] == "alice"
            write(path, issuer_of(provider))
        changed = {"username": {"claim": "sub", "prefix": "new:"}}
        write(path, issuer_of(provider, mappings=changed))
        await server.until(token, "new:alice")
        write(path)
        await server.until(token, 401)
