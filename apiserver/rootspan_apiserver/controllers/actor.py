"""A controller as a client of the server: the few requests controllers make."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import GIT_VERSION
from rootspan_apiserver.kube.status import StatusError

MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Actor:
    """Requests in the name of `controller`. They are not part of any trace of the server's: a controller is a stranger to it."""

    loopback: LoopbackClient
    controller: str

    async def get(self, path: APIPath) -> JSONObject | None:
        """The object, None if there is none. Raises StatusError."""
        try:
            return await self._send("GET", path)
        except StatusError as exc:
            if exc.code == 404:
                return None
            raise

    async def create(self, path: APIPath, obj: JSONObject) -> None:
        """Create it unless it is there. Raises StatusError."""
        try:
            await self._send("POST", path, obj)
        except StatusError as exc:
            if exc.reason != "AlreadyExists":
                raise

    async def replace(self, path: APIPath, obj: JSONObject) -> JSONObject:
        return await self._send("PUT", path, obj)

    async def patch_metadata(self, path: APIPath, metadata: JSONObject) -> None:
        """Merge `metadata` into the object's own; nothing if the object is gone. Raises StatusError, 409 if its resourceVersion is old."""
        try:
            await self._send("PATCH", path, {"metadata": metadata}, MERGE_PATCH)
        except StatusError as exc:
            if exc.code != 404:
                raise

    async def delete(self, path: APIPath, **options: Any) -> None:
        """Nothing if the object is gone, or another of its name in its place. Raises StatusError."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        try:
            await self._send("DELETE", path, body)
        except StatusError as exc:
            if exc.code not in (404, 409):
                raise

    async def _send(
        self, method: str, path: APIPath, body: JSONObject | None = None, content_type: str = "application/json"
    ) -> JSONObject:
        agent = f"kube-controller-manager/{GIT_VERSION} (linux/amd64) kubernetes/{self.controller}"
        return await self.loopback.request(method, path, body, content_type=content_type, agent=agent, traced=False)


def without(items: Iterable[str], item: str) -> list[str]:
    return [each for each in items if each != item]
