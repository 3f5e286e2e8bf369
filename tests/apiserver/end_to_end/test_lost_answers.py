"""Two servers over one etcd; etcd's answer to one request of the first is lost while a client of the second acts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.etcd.wire import RANGE, TXN
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.running import Running
from tests.apiserver.etcd.processes import Member
from tests.apiserver.etcd.proxy import Fault, Misfortune, Proxy, proxying

pytestmark = pytest.mark.anyio

WITHIN = 30.0
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
OUTCOME_UNKNOWN = (
    "rpc error: code = Unavailable desc = error reading from server: EOF",
    "etcdserver: request timed out",
)


@dataclass(frozen=True, slots=True)
class Servers:
    """`proxy` stands between etcd and the server of `client`, nothing between etcd and that of `other`."""

    prefix: str
    proxy: Proxy
    client: httpx.AsyncClient
    other: httpx.AsyncClient


def administrator(running: Running) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=running.address.url,
        headers={"authorization": f"Bearer {running.token}"},
        verify=ssl.create_default_context(cadata=running.ca_bundle.decode()),
        timeout=WITHIN,
        trust_env=False,
    )


@asynccontextmanager
async def administered(url: str, prefix: str) -> AsyncIterator[httpx.AsyncClient]:
    # Servers with certificates of their own would overwrite each other's kube-root-ca.crt.
    flags = [
        "--secure-port=0",
        f"--etcd-servers={url}",
        f"--etcd-prefix={prefix}",
        "--controllers=*,-root-ca-cert-publisher",
    ]
    async with apiserver(Options.parse(flags)) as running, administrator(running) as client:
        yield client


@pytest.fixture(scope="module")
async def servers(real_etcd: Member) -> AsyncIterator[Servers]:
    prefix = f"/{uuid4()}"
    async with AsyncExitStack() as stack:
        proxy, url = await stack.enter_async_context(proxying(real_etcd.client_port))
        client = await stack.enter_async_context(administered(url, prefix))
        other = await stack.enter_async_context(administered(real_etcd.url, prefix))
        yield Servers(prefix, proxy, client, other)


@dataclass(frozen=True, slots=True)
class Case:
    """Requests for one service account, a kind with a list that a JSON patch can append to."""

    servers: Servers
    name: str

    @property
    def path(self) -> str:
        return f"{ACCOUNTS}/{self.name}"

    @property
    def key(self) -> bytes:
        return f"{self.servers.prefix}/serviceaccounts/default/{self.name}".encode()

    def body(self, **fields: Any) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": self.name}, **fields}

    async def create(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(ACCOUNTS, json=self.body(imagePullSecrets=[{"name": "first"}]))

    async def patch(self, client: httpx.AsyncClient, kind: str, patch: object) -> httpx.Response:
        return await client.patch(self.path, content=orjson.dumps(patch), headers={"content-type": kind})

    async def append(self, client: httpx.AsyncClient) -> httpx.Response:
        patch = [{"op": "add", "path": "/imagePullSecrets/-", "value": {"name": "more"}}]
        return await self.patch(client, JSON_PATCH, patch)

    async def label(self, client: httpx.AsyncClient, label: str) -> httpx.Response:
        return await self.patch(client, MERGE_PATCH, {"metadata": {"labels": {label: "x"}}})

    async def put(self, client: httpx.AsyncClient, **metadata: str) -> httpx.Response:
        body = self.body(imagePullSecrets=[{"name": "put"}])
        body["metadata"] |= metadata
        return await client.put(self.path, json=body)

    async def apply(self, client: httpx.AsyncClient) -> httpx.Response:
        body = self.body(imagePullSecrets=[{"name": "apply"}])
        headers = {"content-type": "application/apply-patch+yaml"}
        return await client.patch(
            self.path, content=orjson.dumps(body), headers=headers, params={"fieldManager": "test", "force": "true"}
        )

    async def delete(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.delete(self.path)

    async def resource_version(self) -> str:
        version: str = (await self.servers.other.get(ACCOUNTS)).json()["metadata"]["resourceVersion"]
        return version

    async def changes(self, start: str) -> list[str]:
        """The events of the object behind `start`: their types, objects by letters, secrets and labels."""
        end = Case(self.servers, f"end-{uuid4()}")
        assert (await end.create(self.servers.other)).status_code == 201
        found: list[str] = []
        uids: list[str] = []
        params = {"watch": "1", "resourceVersion": start}
        async with self.servers.other.stream("GET", ACCOUNTS, params=params) as response:
            async for line in response.aiter_lines():
                event = orjson.loads(line)
                metadata = event["object"]["metadata"]
                if metadata["name"] == end.name:
                    return found
                if metadata["name"] != self.name:
                    continue
                if metadata["uid"] not in uids:
                    uids.append(metadata["uid"])
                secrets = "+".join(secret["name"] for secret in event["object"].get("imagePullSecrets", ()))
                letter = "abc"[uids.index(metadata["uid"])]
                found.append(" ".join([event["type"], letter, secrets, *sorted(metadata.get("labels", ()))]))
        raise AssertionError("the watch ended")


async def put_this_version(case: Case, client: httpx.AsyncClient) -> httpx.Response:
    present = (await case.servers.other.get(case.path)).json()["metadata"]["resourceVersion"]
    return await case.put(client, resourceVersion=present)


async def delete_collection(case: Case, client: httpx.AsyncClient) -> httpx.Response:
    return await client.delete(ACCOUNTS, params={"fieldSelector": f"metadata.name={case.name}"})


Request = Callable[[Case, httpx.AsyncClient], Awaitable[httpx.Response]]
REQUESTS: dict[str, Request] = {
    "create": Case.create,
    "apply to nothing": lambda case, client: case.apply(client),
    "put": Case.put,
    "put this version": put_this_version,
    "label": lambda case, client: case.label(client, "mine"),
    "append": Case.append,
    "apply": lambda case, client: case.apply(client),
    "delete": Case.delete,
    "delete collection": delete_collection,
    "get": lambda case, client: client.get(case.path),
    "put an old version": lambda case, client: case.put(client, resourceVersion="1"),
}
ACTS: dict[str, Request] = {
    "create": Case.create,
    "label": lambda case, client: case.label(client, "other"),
    "delete": Case.delete,
}
LOST, NOT_SENT, NO_LEADER, TIMED_OUT = Fault.LOST, Fault.NOT_SENT, Fault.NO_LEADER, Fault.TIMED_OUT
WRITES = [
    # request, fault, what a client of the other server does meanwhile, status, what a watch shows
    ("create", LOST, [], 201, ["ADDED a first"]),
    ("create", TIMED_OUT, [], 201, ["ADDED a first"]),
    ("create", LOST, ["delete"], 500, ["ADDED a first", "DELETED a first"]),
    ("create", LOST, ["label"], 201, ["ADDED a first", "MODIFIED a first other"]),
    ("create", LOST, ["delete", "create"], 500, ["ADDED a first", "DELETED a first", "ADDED b first"]),
    ("create", NOT_SENT, [], 500, []),
    ("create", NOT_SENT, ["create"], 500, ["ADDED a first"]),
    ("create", NO_LEADER, [], 201, ["ADDED a first"]),
    ("create", NO_LEADER, ["create"], 409, ["ADDED a first"]),
    ("apply to nothing", LOST, [], 201, ["ADDED a apply"]),
    ("apply to nothing", LOST, ["delete"], 500, ["ADDED a apply", "DELETED a apply"]),
    ("apply to nothing", LOST, ["label"], 201, ["ADDED a apply", "MODIFIED a apply other"]),
    ("put", LOST, [], 200, ["MODIFIED a put"]),
    ("put", TIMED_OUT, [], 200, ["MODIFIED a put"]),
    ("put", LOST, ["label"], 500, ["MODIFIED a put", "MODIFIED a put other"]),
    ("put", LOST, ["delete"], 500, ["MODIFIED a put", "DELETED a put"]),
    ("put", NOT_SENT, [], 200, ["MODIFIED a put"]),
    ("put", NOT_SENT, ["label"], 200, ["MODIFIED a first other", "MODIFIED a put"]),
    ("put this version", LOST, [], 500, ["MODIFIED a put"]),
    ("put this version", NOT_SENT, [], 200, ["MODIFIED a put"]),
    ("put this version", NOT_SENT, ["label"], 409, ["MODIFIED a first other"]),
    ("put this version", NO_LEADER, [], 200, ["MODIFIED a put"]),
    ("label", LOST, [], 200, ["MODIFIED a first mine"]),
    ("label", LOST, ["label"], 200, ["MODIFIED a first mine", "MODIFIED a first mine other"]),
    ("label", NOT_SENT, ["label"], 200, ["MODIFIED a first other", "MODIFIED a first mine other"]),
    ("append", LOST, [], 500, ["MODIFIED a first+more"]),
    ("append", TIMED_OUT, [], 500, ["MODIFIED a first+more"]),
    ("append", LOST, ["label"], 500, ["MODIFIED a first+more", "MODIFIED a first+more other"]),
    ("append", LOST, ["delete", "create"], 500, ["MODIFIED a first+more", "DELETED a first+more", "ADDED b first"]),
    ("append", NOT_SENT, [], 200, ["MODIFIED a first+more"]),
    ("append", NOT_SENT, ["label"], 200, ["MODIFIED a first other", "MODIFIED a first+more other"]),
    ("append", NO_LEADER, ["label"], 200, ["MODIFIED a first other", "MODIFIED a first+more other"]),
    ("apply", LOST, ["label"], 200, ["MODIFIED a apply", "MODIFIED a apply other"]),
    ("delete", LOST, [], 500, ["DELETED a first"]),
    ("delete", LOST, ["create"], 500, ["DELETED a first", "ADDED b first"]),
    ("delete", NOT_SENT, [], 200, ["DELETED a first"]),
    ("delete", NOT_SENT, ["label"], 200, ["MODIFIED a first other", "DELETED a first other"]),
    ("delete", NOT_SENT, ["delete", "create"], 500, ["DELETED a first", "ADDED b first"]),
    ("delete", NO_LEADER, ["delete"], 404, ["DELETED a first"]),
    ("delete collection", LOST, [], 500, ["DELETED a first"]),
    ("delete collection", LOST, ["create"], 500, ["DELETED a first", "ADDED b first"]),
    ("delete collection", NOT_SENT, [], 200, ["DELETED a first"]),
    ("delete collection", NO_LEADER, ["delete"], 200, ["DELETED a first"]),
]
READS = [
    (request, fault)
    for request in ("get", "put an old version", "delete", "delete collection")
    for fault in (Fault.LOST, Fault.NOT_SENT, Fault.NO_LEADER)
]


def name_of(row: tuple[Any, ...]) -> str:
    request, fault, *rest = row
    return " ".join([request, fault.name, *(rest[0] if rest else ())])


@pytest.mark.parametrize(("request_", "fault", "meanwhile", "status", "changes"), WRITES, ids=map(name_of, WRITES))
async def test_write_is_carried_out_once_at_most(
    servers: Servers, request_: str, fault: Fault, meanwhile: list[str], status: int, changes: list[str]
) -> None:
    """What is done is answered as done, what is not as not done, and what cannot be told with an error; a watch shows each write once."""
    case = Case(servers, f"n-{uuid4()}")
    if request_ not in ("create", "apply to nothing"):
        assert (await case.create(servers.other)).status_code == 201
    start = await case.resource_version()

    async def act() -> None:
        for each in meanwhile:
            assert (await ACTS[each](case, servers.other)).status_code in (200, 201)

    servers.proxy.misfortune = misfortune = Misfortune(fault, TXN, case.key, act)
    async with asyncio.timeout(WITHIN):
        answer = await REQUESTS[request_](case, servers.client)
        assert misfortune.happened
        assert (answer.status_code, await case.changes(start)) == (status, changes)
    if status == 500:
        assert answer.json()["message"] in OUTCOME_UNKNOWN
        assert "reason" not in answer.json()


@pytest.mark.parametrize(("request_", "fault"), READS, ids=map(name_of, READS))
async def test_lost_read_is_repeated(servers: Servers, request_: str, fault: Fault) -> None:
    """The answer is as if nothing had been lost."""
    case = Case(servers, f"n-{uuid4()}")
    assert (await case.create(servers.other)).status_code == 201
    servers.proxy.misfortune = misfortune = Misfortune(fault, RANGE, case.key)
    async with asyncio.timeout(WITHIN):
        answer = await REQUESTS[request_](case, servers.client)
    assert misfortune.happened
    assert answer.status_code == (409 if request_ == "put an old version" else 200)
