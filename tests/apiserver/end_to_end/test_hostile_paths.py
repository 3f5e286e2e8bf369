"""A stranger's text never becomes a path: not of etcd's keys, nor of requests the server makes of itself, nor of calls to webhooks.

Requests are written to the socket as they are, since HTTP clients tidy the paths they are given.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest

from rootspan_apiserver.etcd import EtcdClient
from tests.apiserver.end_to_end.outside import GROUP, Credentials, administering, config_map
from tests.apiserver.end_to_end.processes import PATIENCE, Server, apiserver
from tests.apiserver.etcd.processes import Member

pytestmark = pytest.mark.anyio

JSON, MERGE, APPLY = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"
PREFIX = f"/{uuid4()}"
NAME = "injected"
KEY = re.compile(rf"{PREFIX}(/[a-z0-9]([-a-z0-9.:]*[a-z0-9])?)+|{PREFIX}/apiregistration.k8s.io/apiservices/v1\.")
CORE = "/api/v1/namespaces/"
Call = tuple[str, str, Any, str]
KUBERNETES: dict[str, Any] = {"name": "kubernetes", "namespace": "default"}
ELSEWHERE = ("/../../api", "/a?b=c", "/a#b", "//evil/", "/%2e%2e/", "/\r\nX: y")

HOSTILE = {
    "..": ('".."', "may not be '..'"),
    "%2e%2E": ('".."', "may not be '..'"),
    ".": ('"."', "may not be '.'"),
    "%2e": ('"."', "may not be '.'"),
    "default%25x": ('"default%x"', "may not contain '%'"),
    "default%3Fx": ('"default?x"', ""),
    "default%23x": ('"default#x"', ""),
    "default%00": (r'"default\x00"', ""),
    "default%0A": (r'"default\n"', ""),
    "default%0d%0aX:%20y": (r'"default\r\nX: y"', ""),
    "%1b%7f": (r'"\x1b\x7f"', ""),
    "%22%5C": (r'"\"\\"', ""),
    "%E2%80%A8": (r'"\u2028"', ""),
}
"""Text in a URL, how messages show it, and why no name can be that, if none can."""

OBJECT = config_map(NAME, a="1")
ENDPOINTS = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": NAME}}
EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": NAME}}
BINDING = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": NAME}, "target": {"name": "n"}}
TOKEN = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}

CREATES: list[Call] = [
    ("POST", "configmaps", OBJECT, JSON),
    ("POST", "configmaps?dryRun=All", OBJECT, JSON),
    ("POST", f"pods/{NAME}/eviction", EVICTION, JSON),
    ("POST", f"pods/{NAME}/binding", BINDING, JSON),
    ("POST", f"serviceaccounts/{NAME}/token", TOKEN, JSON),
]
CREATES_BY_NAME: list[Call] = [
    ("PATCH", f"configmaps/{NAME}?fieldManager=me", OBJECT, APPLY),
    ("PUT", f"endpoints/{NAME}", ENDPOINTS, JSON),
]
"""These look for the object first, and for the namespace when there is none."""
OBJECTS: list[Call] = [
    ("GET", f"configmaps/{NAME}", None, JSON),
    ("GET", f"configmaps/{NAME}?resourceVersion=0", None, JSON),
    ("PUT", f"configmaps/{NAME}", OBJECT, JSON),
    ("PATCH", f"configmaps/{NAME}", {"data": {"a": "2"}}, MERGE),
    ("DELETE", f"configmaps/{NAME}", None, JSON),
    ("GET", f"pods/{NAME}/status", None, JSON),
    ("GET", f"pods/{NAME}/log", None, JSON),
    ("GET", f"pods/{NAME}/exec", None, JSON),
]
COLLECTIONS: list[Call] = [
    ("GET", "configmaps", None, JSON),
    ("GET", "configmaps?resourceVersion=0", None, JSON),
    ("DELETE", "configmaps", None, JSON),
]
WATCH: Call = ("GET", "configmaps?watch=1&timeoutSeconds=1", None, JSON)


class Stranger:
    """Writes requests to the server's socket, byte by byte as told."""

    def __init__(self, host: str, token: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._headers = f"Host: {host}\r\nAuthorization: Bearer {token}\r\n"
        self._reader = reader
        self._writer = writer

    async def ask(self, method: str, path: str, body: Any = None, content_type: str = JSON) -> tuple[int, str]:
        """The status, and the message or the kind of what is answered."""
        content = b"" if body is None else json.dumps(body).encode()
        about = f"Content-Type: {content_type}\r\nContent-Length: {len(content)}\r\n"
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._headers}{about}\r\n".encode() + content)
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
            assert length, head
            text = await self._reader.readexactly(int(length[1]))
        told = json.loads(text)
        return int(head.split()[1]), told.get("message") or told["kind"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, real_etcd: Member) -> Iterator[Server]:
    """A server over a real etcd, in whose log nothing that went wrong is found afterwards."""
    flags = (f"--etcd-servers={real_etcd.url}", f"--etcd-prefix={PREFIX}")
    with apiserver(tmp_path_factory.mktemp("server"), *flags) as server:
        yield server
        assert server.process.stop() == 0
        assert not re.search("Traceback|panic", server.process.stderr)


@pytest.fixture
async def stranger(running: Server, real_etcd: Member) -> AsyncIterator[Stranger]:
    """Afterwards every key in etcd is made of names, and none of them is one that the tests tried."""
    at, known = urlsplit(running.url), Credentials.of(running)
    reader, writer = await asyncio.open_connection(at.hostname, at.port, ssl=known.tls)
    yield Stranger(at.netloc, known.token, reader, writer)
    writer.close()
    async with EtcdClient([real_etcd.url]) as client:
        found = await client.range(f"{PREFIX}/".encode(), f"{PREFIX}0".encode(), keys_only=True)
    keys = [kv.key.decode() for kv in found.kvs]
    assert f"{PREFIX}/namespaces/default" in keys
    assert [key for key in keys if not KEY.fullmatch(key) or NAME in key] == []


@pytest.mark.parametrize("namespace", [each for each in HOSTILE if unquote(each) not in (".", "..")])
async def test_hostile_namespace_is_one_that_is_not_there(stranger: Stranger, namespace: str) -> None:
    """Whatever the verb: nothing is made in it, nothing is found, and it is never mistaken for another namespace."""
    shown, reason = HOSTILE[namespace]
    missing = (404, f"namespaces {shown} not found")
    if reason:
        missing = (500, f"Internal error occurred: invalid resource name {shown}: [{reason}]")
    for method, below, body, content_type in CREATES + CREATES_BY_NAME:
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == missing, below
    for method, below, body, content_type in OBJECTS:
        absent = (404, f'{below.partition("/")[0]} "{NAME}" not found')
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == absent, below
    for method, below, body, content_type in COLLECTIONS:
        empty = (200, "ConfigMapList")
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == empty, below


@pytest.mark.parametrize("namespace", ["..", "%2e%2E", ".%2e", ".", "%2e"])
async def test_namespace_that_leads_elsewhere_has_no_key(stranger: Stranger, namespace: str) -> None:
    """Whatever the verb: what would be in it cannot be anywhere, and is neither made nor looked for."""
    name = unquote(namespace)
    missing = (500, f"Internal error occurred: invalid resource name \"{name}\": [may not be '{name}']")
    for method, below, body, content_type in CREATES:
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == missing, below
    for method, below, body, content_type in OBJECTS + CREATES_BY_NAME:
        place = {"endpoints": "services/endpoints"}.get(resource := below.partition("/")[0], resource)
        no_key = (500, f'invalid key: "/{place}/{name}/{NAME}"')
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == no_key, below
    for method, below, body, content_type in [*COLLECTIONS, WATCH]:
        no_key = (500, f'invalid key: "/configmaps/{name}"')
        assert await stranger.ask(method, f"{CORE}{namespace}/{below}", body, content_type) == no_key, below


NAMED: list[tuple[str, str, Any, str]] = [
    ("GET", "{core}default/configmaps/{name}", None, JSON),
    ("GET", "{core}default/configmaps/{name}?resourceVersion=0", None, JSON),
    ("PUT", "{core}default/configmaps/{name}", OBJECT, JSON),
    ("PATCH", "{core}default/configmaps/{name}", {"data": {"a": "2"}}, MERGE),
    ("DELETE", "{core}default/configmaps/{name}", None, JSON),
    ("GET", "{core}default/pods/{name}/status", None, JSON),
    ("GET", "{core}default/pods/{name}/log", None, JSON),
    ("GET", "{core}default/pods/{name}/exec", None, JSON),
    ("POST", "{core}default/pods/{name}/eviction", EVICTION, JSON),
    ("POST", "{core}default/pods/{name}/binding", BINDING, JSON),
    ("POST", "{core}default/serviceaccounts/{name}/token", TOKEN, JSON),
    ("GET", "/apis/apps/v1/namespaces/default/deployments/{name}/scale", None, JSON),
    ("GET", "/api/v1/nodes/{name}", None, JSON),
    ("DELETE", "/api/v1/nodes/{name}", None, JSON),
    ("GET", "/api/v1/namespaces/{name}", None, JSON),
    ("DELETE", "/api/v1/namespaces/{name}", None, JSON),
    ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}", None, JSON),
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_name_is_one_that_nothing_has(stranger: Stranger, name: str) -> None:
    """400 in the words of the real server's store for what no name can be, 404 for the others, on every verb and subresource."""
    shown, reason = HOSTILE[name]
    for method, path, body, content_type in NAMED:
        if body is not None and "metadata" in body:
            body = body | {"metadata": {"name": unquote(name)}}
        status, told = await stranger.ask(method, path.format(core=CORE, name=name), body, content_type)
        if reason:
            assert (status, told) == (400, f"Name parameter invalid: {shown}: {reason}"), path
        else:
            assert (status, told.partition(" ")[2]) == (404, f"{shown} not found"), path


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_is_made_with_a_hostile_name(stranger: Stranger, name: str) -> None:
    """By creating, applying or selecting it; also where names may be nearly anything."""
    hostile = {"metadata": {"name": unquote(name)}}
    created = await stranger.ask("POST", f"{CORE}default/configmaps", OBJECT | hostile)
    assert created[0] == 422
    applied = await stranger.ask("PATCH", f"{CORE}default/configmaps/{name}?fieldManager=me", OBJECT | hostile, APPLY)
    assert applied[0] == (400 if HOSTILE[name][1] else 422)
    if HOSTILE[name][1]:
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"} | hostile
        status, told = await stranger.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role)
        shown, reason = HOSTILE[name]
        invalid = f"{shown} is invalid: metadata.name: Invalid value: {shown}: {reason}"
        assert (status, told) == (422, f"ClusterRole.rbac.authorization.k8s.io {invalid}")
    for selected in (f"{CORE}default/configmaps", "/api/v1/namespaces"):
        assert (await stranger.ask("GET", f"{selected}?fieldSelector=metadata.name%3D{name}"))[0] in (200, 400)


async def test_escaped_slash_begins_another_segment(stranger: Stranger) -> None:
    """As in Go's net/http; so no name ever holds one, and what is asked for is what is authorized."""
    listed = await stranger.ask("GET", "/api/v1/namespaces%2fkube-system%2Fserviceaccounts")
    assert listed == (200, "ServiceAccountList")
    found = await stranger.ask("GET", "/api/v1/namespaces/default%2Fserviceaccounts/default")
    assert found == (200, "ServiceAccount")
    for path in ("default%2f..%2fkube-system/configmaps", "%2e%2e%2fx/configmaps", "..%2f..%2fconfigmaps"):
        status, _ = await stranger.ask("POST", f"{CORE}{path}", OBJECT)
        assert status in (404, 405), path


@pytest.mark.parametrize(
    ("account", "why"),
    [(f"../../kube-system/serviceaccounts/{name}", "[may not contain '/']") for name in ("default", "nobody")]
    + [
        ("..", "[may not be '..']"),
        (".", "[may not be '.']"),
        ("default/", "[may not contain '/']"),
        ("default%2e", "[may not contain '%']"),
        ("default?x", ""),
        ("default#x", ""),
        ("default\0", ""),
        ("a\r\nb", ""),
    ],
)
async def test_pods_account_is_looked_up_by_its_name_alone(stranger: Stranger, account: str, why: str) -> None:
    """403 at the look-up; the account of another namespace is never found, though the server may read it."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME}}
    pod["spec"] = {"serviceAccountName": account, "containers": [{"name": "c", "image": "i"}]}
    status, told = await stranger.ask("POST", f"{CORE}default/pods", pod)
    shown = json.dumps(account).replace(r"\u0000", r"\x00")
    reason = f"invalid resource name {shown}: {why}" if why else f"serviceaccount {shown} not found"
    expected = f'pods "{NAME}" is forbidden: error looking up service account default/{account}: {reason}'
    assert (status, told) == (403, expected)


@pytest.mark.parametrize("name", ["priorityclasses/system-node-critical", "../priorityclasses/system-node-critical"])
async def test_pods_class_is_looked_up_by_its_name_alone(stranger: Stranger, name: str) -> None:
    """A longer piece of the key of a class is no name of it."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME}}
    pod["spec"] = {"priorityClassName": name, "containers": [{"name": "c", "image": "i"}]}
    expected = (403, f'pods "{NAME}" is forbidden: no PriorityClass with name {name} was found')
    assert await stranger.ask("POST", f"{CORE}default/pods", pod) == expected


@pytest.mark.parametrize(
    "client",
    [
        {"service": {"name": "kubernetes", "namespace": "default", "path": path}}
        for path in ("/../../api", "/a?b=c", "/a#b", "//evil/", "/%2e%2e/", "/\r\nX: y")
    ]
    + [
        {"url": url}
        for url in ("https://a b/", "https://h/%zz", "https://h\r\nX: y/", "https://u:p@h/", "https://h/?q")
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
async def test_webhook_that_leads_elsewhere_is_not_stored(stranger: Stranger, kind: str, client: Any) -> None:
    """422 that names the field, on create and on apply."""
    hook = {"name": "a.example.com", "clientConfig": client, "admissionReviewVersions": ["v1"], "sideEffects": "None"}
    configuration = {"kind": kind, "metadata": {"name": NAME}, "webhooks": [hook]}
    configuration["apiVersion"] = GROUP.removeprefix("/apis/")
    collection = f"{GROUP}/{kind.lower()}s"
    field = "webhooks[0].clientConfig." + ("url" if "url" in client else "service.path")
    for method, path, content_type in (("POST", "", JSON), ("PATCH", f"/{NAME}?fieldManager=me", APPLY)):
        status, told = await stranger.ask(method, collection + path, configuration, content_type)
        assert status == 422
        assert told.startswith(f'{kind}.admissionregistration.k8s.io "{NAME}" is invalid: ')
        assert field in told


async def test_webhook_cannot_make_the_server_call_itself_with_its_own_rights(running: Server) -> None:
    """The service `kubernetes` is called without credentials: who configures a webhook for it does not become system:masters."""
    hook = {
        "name": "self.example.com",
        "clientConfig": {"service": KUBERNETES | {"path": "/api/v1/namespaces"}},
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    configuration = {"apiVersion": GROUP.removeprefix("/apis/"), "kind": "ValidatingWebhookConfiguration"}
    body = configuration | {"metadata": {"name": "self"}, "webhooks": [hook]}
    async with administering(running) as client:
        (await client.post(f"{GROUP}/validatingwebhookconfigurations", json=body)).raise_for_status()
        try:
            refused = await client.post(f"{CORE}default/configmaps", json=OBJECT)
        finally:
            await client.delete(f"{GROUP}/validatingwebhookconfigurations/self")
    assert refused.status_code == 500
    assert refused.json()["message"].endswith("failed to call webhook: Unauthorized")
