"""Tokens of service accounts: signed by this server, meant for it, in time, and as good as the objects they name."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, InvalidCredentialsError
from rootspan_apiserver.authn.service_account_keys import generated
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountSettings, ServiceAccountTokens
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.storage import Storage, StoredObject
from tests.apiserver.etcd.processes import etcd
from tests.apiserver.storage.parts import WITHIN, embedded_storage, resource, storage_over

pytestmark = pytest.mark.anyio

ISSUER = "https://kubernetes.default.svc"
PLURALS = {"serviceaccount": "serviceaccounts", "secret": "secrets", "pod": "pods", "node": "nodes"}
EXTRA = "authentication.kubernetes.io/"


@dataclass(frozen=True)
class World:
    """A store, tokens checked against it, and the objects that tests put into it: `kind` is a claim's."""

    storage: Storage
    tokens: ServiceAccountTokens

    async def create(self, kind: str, name: str, uid: str, *, deleted: float | None = None) -> None:
        """With `deleted` it is being deleted since so many seconds."""
        metadata: JSONObject = {"name": name, "uid": uid}
        if kind != "node":
            metadata["namespace"] = "team"
        if deleted is not None:
            metadata["deletionTimestamp"] = (datetime.now(UTC) - timedelta(seconds=deleted)).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
        obj = {"kind": kind, "apiVersion": "v1", "metadata": metadata}
        await self.storage.create(resource(PLURALS[kind]), metadata.get("namespace", ""), name, obj)

    async def delete(self, kind: str, name: str) -> None:
        async def let_go(_: StoredObject) -> None:
            return None

        await self.storage.delete(resource(PLURALS[kind]), "" if kind == "node" else "team", name, let_go)

    def issue(self, *audiences: str, seconds: int = 3600, bound: Mapping[str, str] | None = None) -> str:
        """A token of the account `robot`. `bound` maps kinds to names of objects whose uids are the names behind `uid-`."""
        named = {kind: {"name": name, "uid": f"uid-{name}"} for kind, name in (bound or {}).items()}
        return self.tokens.issue("team", "robot", "uid-robot", audiences=audiences, seconds=seconds, bound=named).token

    async def authenticate(self, token: str, *audiences: str) -> Authenticated:
        found = await self.tokens.authenticate(Credentials(token, audiences=audiences))
        assert found is not None
        return found

    async def refusal(self, token: str, *audiences: str) -> str:
        with pytest.raises(InvalidCredentialsError) as refused:
            await self.tokens.authenticate(Credentials(token, audiences=audiences))
        return str(refused.value)


def world_over(storage: Storage) -> World:
    settings = ServiceAccountSettings(keys=generated(), issuers=(ISSUER,))
    return World(storage, ServiceAccountTokens(settings, ServiceAccountObjects(storage, builtin_registry())))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """With the account `robot` in it."""
    async with embedded_storage() as (storage, _, _):
        world = world_over(storage)
        await world.create("serviceaccount", "robot", "uid-robot")
        yield world


def claims_of(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def resigned(token: str, **changes: Any) -> str:
    """The token with other claims or another header and its old signature."""
    header, _, signature = token.split(".")
    if "kid" in changes or "alg" in changes:
        parts = [{"alg": "ES256", **changes}, claims_of(token)]
    else:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=="))
        parts = [decoded, {**claims_of(token), **changes}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, signature])


async def test_user_of_a_token(world: World) -> None:
    """The account's name, uid and groups, and the id by which audit events know the token."""
    issued = world.tokens.issue("team", "robot", "uid-robot")
    found = await world.authenticate(issued.token)
    assert (found.user.name, found.user.uid) == ("system:serviceaccount:team:robot", "uid-robot")
    assert found.user.groups == ("system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated")
    assert found.user.extra == {f"{EXTRA}credential-id": (issued.credential_id,)}
    assert issued.credential_id == f"JTI={claims_of(issued.token)['jti']}"
    assert world.tokens.issue("team", "robot", "uid-robot").credential_id != issued.credential_id


async def test_user_of_a_bound_token_names_pod_and_node(world: World) -> None:
    """Name and uid of what the token is bound to, in the user's extra; a node without uid has its name only."""
    await world.create("pod", "p", "uid-p")
    await world.create("node", "n", "uid-n")
    extra = (await world.authenticate(world.issue(bound={"pod": "p", "node": "n"}))).user.extra
    told = {key.removeprefix(EXTRA): value for key, value in extra.items() if not key.endswith("credential-id")}
    assert told == {"node-name": ("n",), "node-uid": ("uid-n",), "pod-name": ("p",), "pod-uid": ("uid-p",)}
    alone = {"node": {"name": "gone"}, "pod": {"name": "p", "uid": "uid-p"}}
    token = world.tokens.issue("team", "robot", "uid-robot", bound=alone).token
    extra = (await world.authenticate(token)).user.extra
    assert extra[f"{EXTRA}node-name"] == ("gone",)
    assert f"{EXTRA}node-uid" not in extra


async def test_token_of_another_server_or_with_other_claims_is_refused(world: World) -> None:
    """Its signature is not this server's, or not that of these claims."""
    token = world.issue()
    assert await world_over(world.storage).refusal(token) == "invalid signature, no keys found"
    forged = "go-jose/go-jose: error in cryptographic primitive"
    assert await world.refusal(resigned(token, sub="system:serviceaccount:team:admin")) == forged
    assert await world.refusal(resigned(token, kid="")) == forged
    assert await world.refusal(token[:-4]) == forged


@pytest.mark.parametrize("token", ["a.b.c", "..", "é.é.é", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA", "e30.bnVsbA.e30"])
async def test_text_that_only_looks_like_a_token_is_left_to_other_authenticators(world: World, token: str) -> None:
    """So is a token of another issuer, and one with characters that base64url does not have."""
    ours = world.issue()
    others = (
        token,
        resigned(ours, iss="somebody"),
        ours + "!",
    )
    for each in others:
        assert await world.tokens.authenticate(Credentials(each)) is None


async def test_token_is_refused_a_minute_after_its_time(world: World) -> None:
    """Clocks may differ by the leeway, not by more, at both ends of a token's time."""
    assert (await world.authenticate(world.issue(seconds=-50))).user.uid == "uid-robot"
    assert await world.refusal(world.issue(seconds=-70)) == "service account token has expired"


@pytest.mark.parametrize(
    ("meant_for", "asked", "both"),
    [
        ((), (), (ISSUER,)),
        ((), ("vault", ISSUER), (ISSUER,)),
        (("vault", "db"), ("db", "x", "vault"), ("db", "vault")),
        ((ISSUER, "db"), (), (ISSUER,)),
    ],
)
async def test_audiences_of_a_token(
    world: World, meant_for: tuple[str, ...], asked: tuple[str, ...], both: tuple[str, ...]
) -> None:
    """A token is made for the server unless it is made for others, and is meant for those that are asked for as well."""
    assert (await world.authenticate(world.issue(*meant_for), *asked)).audiences == both


async def test_token_for_another_audience_is_refused(world: World) -> None:
    """Both lists are told."""
    told = f'token audiences ["vault" "d\\"b"] is invalid for the target audiences ["{ISSUER}"]'
    assert await world.refusal(world.issue("vault", 'd"b')) == told
    told = f'token audiences ["{ISSUER}"] is invalid for the target audiences ["vault"]'
    assert await world.refusal(world.issue(), "vault") == told


@asynccontextmanager
async def storage_of(store: str, tmp_path: Path) -> AsyncIterator[Storage]:
    if store == "embedded":
        async with embedded_storage() as (storage, _, _):
            yield storage
        return
    with etcd(tmp_path) as member:
        async with EtcdClient([member.url]) as client, storage_over(client) as storage:
            assert await storage.wait_ready(WITHIN)
            yield storage


@pytest.mark.parametrize("store", ["embedded", "real etcd"])
async def test_token_is_refused_as_soon_as_an_object_it_names_is_deleted(store: str, tmp_path: Path) -> None:
    """Whatever the object: from the answer to its deletion on, and for another object of its name as well."""
    async with storage_of(store, tmp_path) as storage:
        world = world_over(storage)
        gone, other = "service account token has been invalidated", "service account {0} ref claim (uid-{0})"
        for number in range(10):
            await world.create("serviceaccount", "robot", "uid-robot")
            for kind in ("secret", "pod", "node"):
                await world.create(kind, kind, f"uid-{kind}")
                token = world.issue(bound={kind: kind})
                assert (await world.authenticate(token)).user.uid == "uid-robot"
                await world.delete(kind, kind)
                assert await world.refusal(token) == gone
                await world.create(kind, kind, f"new-{number}")
                told = f"{kind} UID (new-{number}) does not match {other.format(kind)}"
                assert await world.refusal(token) == told
                await world.delete(kind, kind)
            token = world.issue()
            await world.delete("serviceaccount", "robot")
            assert await world.refusal(token) == 'serviceaccounts "robot" not found'
            await world.create("serviceaccount", "robot", f"new-{number}")
            told = f"service account UID (new-{number}) does not match claim (uid-robot)"
            assert await world.refusal(token) == told
            await world.delete("serviceaccount", "robot")


@pytest.mark.parametrize("kind", ["serviceaccount", "secret", "pod", "node"])
async def test_token_outlives_the_deletion_of_its_objects_by_the_leeway(kind: str) -> None:
    """An object that finalizers or its grace period still hold counts for a minute after its deletion took effect, and no longer."""
    name = "robot" if kind == "serviceaccount" else "it"
    bound = {} if kind == "serviceaccount" else {kind: name}
    refusals = {"serviceaccount": "service account team/robot has been deleted"}
    for deleted, refused in ((-30.0, False), (50.0, False), (70.0, True)):
        async with embedded_storage() as (storage, _, _):
            world = world_over(storage)
            if bound:
                await world.create("serviceaccount", "robot", "uid-robot")
            await world.create(kind, name, f"uid-{name}", deleted=deleted)
            token = world.issue(bound=bound)
            if refused:
                told = refusals.get(kind, "service account token has been invalidated")
                assert await world.refusal(token) == told
            else:
                assert (await world.authenticate(token)).user.uid == "uid-robot"


async def test_node_of_a_pods_token_may_go(world: World) -> None:
    """It tells where the pod runs; the token is bound to the pod alone."""
    await world.create("pod", "p", "uid-p")
    token = world.issue(bound={"pod": "p", "node": "never-there"})
    assert (await world.authenticate(token)).user.extra[f"{EXTRA}node-name"] == ("never-there",)


class Held(httpx.AsyncBaseTransport):
    """A transport whose watches can be stopped on their way, and let go on; everything else passes."""

    def __init__(self, inner: httpx.AsyncBaseTransport, passing: asyncio.Event) -> None:
        self._inner = inner
        self._passing = passing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/watch"):
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _HeldLines(response.stream, self._passing)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _HeldLines(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, passing: asyncio.Event) -> None:
        self._inner = inner
        self._passing = passing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for line in self._inner:
            await self._passing.wait()
            yield line

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_cache_that_lags_behind_lets_no_token_in() -> None:
    """A deletion that the cache has not seen is waited for; an object that it has not seen yet is found in etcd."""
    passing = asyncio.Event()
    passing.set()
    async with (
        EmbeddedEtcd() as embedded,
        EtcdClient([URL], transport=lambda: Held(embedded.transport(), passing)) as client,
        storage_over(client) as storage,
        EtcdClient([URL], transport=embedded.transport) as other_client,
        storage_over(other_client) as other,
    ):
        assert await storage.wait_ready(WITHIN)
        assert await other.wait_ready(WITHIN)
        world, elsewhere = world_over(storage), world_over(other)
        await world.create("serviceaccount", "robot", "uid-robot")
        token = world.issue()
        await world.authenticate(token)
        passing.clear()
        await elsewhere.create("pod", "new", "uid-new")
        assert (await world.authenticate(world.issue(bound={"pod": "new"}))).user.extra[f"{EXTRA}pod-name"] == ("new",)
        await world.delete("serviceaccount", "robot")
        refused = asyncio.create_task(world.refusal(token))
        await asyncio.wait({refused}, timeout=0.1)
        assert not refused.done()
        passing.set()
        assert await refused == 'serviceaccounts "robot" not found'


async def test_uses_of_tokens_are_counted_by_their_age(world: World) -> None:
    """A token that should have been renewed is stale; one that never has to be is not counted."""
    for warn_after in (600, 600, -600, 0):
        token = world.tokens.issue("team", "robot", "uid-robot", warn_after=warn_after).token
        await world.authenticate(token)
    counted = {family.name: [sample.value for sample in family.samples()] for family in world.tokens.metrics.families()}
    assert counted["serviceaccount_valid_tokens_total"] == [2.0]
    assert counted["serviceaccount_stale_tokens_total"] == [1.0]
    assert counted["serviceaccount_legacy_tokens_total"] == [0.0]
