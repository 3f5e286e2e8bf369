"""A whole server, and a client that waits for what controllers do by watching, not by asking again and again."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.options.options import Options

Condition = Callable[[JSONObject | None], bool]
SECONDS = 15


class Client:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> JSONObject:
        """The object that is answered; a failure of the request fails the test with what the server said."""
        content = None if body is None else orjson.dumps(body)
        answer = await self._http.request(method, path, content=content, headers={"content-type": content_type})
        assert answer.is_success, answer.text
        found: JSONObject = answer.json()
        return found

    async def text(self, path: str) -> str:
        """What is answered, as it is."""
        answer = await self._http.get(path)
        assert answer.is_success, answer.text
        return answer.text

    async def rejected(
        self, method: str, path: str, body: JSONObject, *, content_type: str = "application/json"
    ) -> JSONObject:
        """The Status that is answered; a success of the request fails the test."""
        answer = await self._http.request(
            method, path, content=orjson.dumps(body), headers={"content-type": content_type}
        )
        assert answer.is_client_error, answer.text
        status: JSONObject = answer.json()
        return status

    async def create(self, path: str, kind: str, name: str, *, api_version: str = "v1", **fields: Any) -> JSONObject:
        metadata = {"name": name, **fields.pop("metadata", {})}
        return await self.send("POST", path, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields})

    async def delete(self, path: str, policy: str = "") -> JSONObject:
        return await self.send("DELETE", path, {"propagationPolicy": policy} if policy else None)

    async def patch_metadata(self, path: str, **metadata: Any) -> JSONObject:
        return await self.send("PATCH", path, {"metadata": metadata}, content_type="application/merge-patch+json")

    async def names(self, path: str) -> list[str]:
        return [item["metadata"]["name"] for item in (await self.send("GET", path))["items"]]

    async def until(self, path: str, condition: Condition) -> JSONObject | None:
        """The object at `path` once `condition` holds for it; None stands for an object that is not there."""
        collection, _, name = path.rpartition("/")
        selected = f"{collection}?fieldSelector=metadata.name={name}"
        async with asyncio.timeout(SECONDS):
            found = await self.send("GET", selected)
            obj = found["items"][0] if found["items"] else None
            if condition(obj):
                return obj
            watch = f"{selected}&watch=1&resourceVersion={found['metadata']['resourceVersion']}"
            async with self._http.stream("GET", watch) as answer:
                async for line in answer.aiter_lines():
                    event = orjson.loads(line)
                    obj = None if event["type"] == "DELETED" else event["object"]
                    if condition(obj):
                        return obj
        raise AssertionError(f"the watch of {path} ended")

    async def until_gone(self, path: str) -> None:
        await self.until(path, lambda obj: obj is None)

    async def until_there(self, path: str) -> JSONObject:
        obj = await self.until(path, lambda obj: obj is not None)
        assert obj is not None
        return obj


@contextlib.asynccontextmanager
async def cluster(*flags: str) -> AsyncIterator[Client]:
    """A server with the embedded etcd in memory, started with `flags`."""
    async with apiserver(Options.parse(["--secure-port=0", *flags])) as server:
        tls = ssl.create_default_context(cadata=server.ca_bundle.decode())
        headers = {"authorization": f"Bearer {server.token}"}
        async with httpx.AsyncClient(
            base_url=server.address.url, verify=tls, headers=headers, timeout=SECONDS, trust_env=False
        ) as http:
            yield Client(http)
