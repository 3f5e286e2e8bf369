"""What stands around the server in these tests, and remembers every byte it gets: a webhook, and proxies before etcd and the collector."""

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.parts import BUNDLE, Webhook, served
from tests.apiserver.end_to_end.processes import PATIENCE, Server, apiserver

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
GROUP = "/apis/admissionregistration.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Context:
    """A traceparent that the server sent."""

    trace_id: str
    span_id: str
    flags: str

    @classmethod
    def read(cls, value: str) -> "Context":
        version, trace_id, span_id, flags = value.split("-")
        assert (version, len(trace_id), len(span_id)) == ("00", 32, 16)
        return cls(trace_id, span_id, flags)


@dataclass(slots=True)
class Overheard:
    """A TCP proxy's address, and all that clients sent through it. While `watches_go_on` is clear, etcd's watches stand still."""

    address: str
    sent: bytearray = field(default_factory=bytearray)
    watches_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def contexts(self, key: str = "") -> list[Context]:
        """The trace contexts in requests to etcd's gateway: in all of them, or in those to read `key`."""
        requests = self.sent.split(b"POST /v3/")[1:]
        wanted = b'"%b"' % base64.b64encode(key.encode()) if key else b""
        headers = re.compile(rb"(?im)^grpc-metadata-traceparent: *(\S+)\r$")
        return [Context.read(value.decode()) for each in requests if wanted in each for value in headers.findall(each)]


@contextlib.asynccontextmanager
async def overhearing(port: int) -> AsyncIterator[Overheard]:
    """A proxy before the server on `port` of 127.0.0.1."""
    writers: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def forth(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                heard.sent.extend(data)
                asked.extend(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if b"POST /v3/watch" in asked:
                    await heard.watches_go_on.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            behind, before = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            writer.close()
            return
        writers.add(before)
        asked = bytearray()
        tasks.update(map(asyncio.create_task, (forth(reader, before, asked), back(behind, writer, asked))))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    heard = Overheard("127.0.0.1:{1}".format(*server.sockets[0].getsockname()))
    heard.watches_go_on.set()
    try:
        yield heard
    finally:
        server.close()
        heard.watches_go_on.set()
        for writer in writers:
            writer.transport.abort()
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)


@contextlib.asynccontextmanager
async def started(folder: Path, *flags: str, env: dict[str, str] | None = None) -> AsyncIterator[Server]:
    """`apiserver` for tests in whose event loop something runs that the server needs in order to start."""
    manager = apiserver(folder, *flags, env=env)
    server = await asyncio.to_thread(manager.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the administrator's kubeconfig holds."""

    tls: ssl.SSLContext
    token: str

    @classmethod
    def of(cls, server: Server) -> "Credentials":
        kubeconfig = yaml.safe_load(server.kubeconfig.read_text())
        authority = base64.b64decode(kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"])
        return cls(ssl.create_default_context(cadata=authority.decode()), kubeconfig["users"][0]["user"]["token"])


@contextlib.asynccontextmanager
async def administering(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that may do everything."""
    credentials = Credentials.of(server)
    headers = {"authorization": f"Bearer {credentials.token}"}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, verify=credentials.tls, timeout=PATIENCE, trust_env=False
    ) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Webhooks:
    """One application that answers as a mutating and as a validating webhook."""

    url: str
    application: Webhook

    def contexts(self) -> list[Context]:
        """The trace context of each review, in order. Raises ValueError if one has not exactly one traceparent."""
        found = []
        for headers in self.application.headers:
            (value,) = [value for name, value in headers if name.lower() == "traceparent"]
            found.append(Context.read(value))
        return found

    async def register(self, client: httpx.AsyncClient) -> None:
        for kind in ("Mutating", "Validating"):
            (await register(client, f"{self.url}/{kind.lower()}", kind=kind)).raise_for_status()


@contextlib.asynccontextmanager
async def webhooks() -> AsyncIterator[Webhooks]:
    application = Webhook()
    async with served(application) as address:
        yield Webhooks(address.url, application)


async def register(
    client: httpx.AsyncClient, url: str, *, kind: str = "Validating", name: str = "", **fields: Any
) -> httpx.Response:
    """Create a configuration with one webhook, which is asked about every config map."""
    rule = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    webhook = {
        "name": f"{name or kind.lower()}.example.com",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(BUNDLE).decode()},
        "rules": [rule],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    } | fields
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name or kind.lower()},
        "webhooks": [webhook],
    }
    return await client.post(f"{GROUP}/{kind.lower()}webhookconfigurations", json=configuration)


def config_map(name: str, **data: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def tracing_configuration(folder: Path, **fields: str | int) -> str:
    """The flag that names a TracingConfiguration with these fields, written into `folder`."""
    path = folder / "tracing.yaml"
    path.write_text(
        yaml.safe_dump({"apiVersion": "apiserver.config.k8s.io/v1", "kind": "TracingConfiguration", **fields})
    )
    return f"--tracing-config-file={path}"
