"""A controller as a client of the server: the few requests controllers make."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import GIT_VERSION
from rootspan_apiserver.kube.status import StatusError

APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Actor:
    """Requests of `controller`, through `loopback`. They belong to no trace of the server, whose client a controller is.

    `component` is the program that runs the controller in a cluster, and the manager of the fields that it writes.
    """

    loopback: LoopbackClient
    controller: str
    component: str = "kube-controller-manager"

    async def get(self, path: APIPath) -> JSONObject | None:
        """Return the object, None if there is none. Raises StatusError."""
        try:
            return await self._send("GET", path)
        except StatusError as exc:
            if exc.code == 404:
                return None
            raise

    async def create(self, path: APIPath, obj: JSONObject) -> None:
        """Create the object unless there is one. Raises StatusError."""
        try:
            await self._send("POST", path, obj)
        except StatusError as exc:
            if exc.reason != "AlreadyExists":
                raise

    async def replace(self, path: APIPath, obj: JSONObject) -> JSONObject:
        """Replace the object, and return it as stored. Raises StatusError."""
        return await self._send("PUT", path, obj)

    async def patch_metadata(self, path: APIPath, metadata: JSONObject) -> None:
        """Merge `metadata` into that of the object, if there is one.

        Raises:
            StatusError: 409, its resourceVersion is not the present one.
        """
        try:
            await self._send("PATCH", path, {"metadata": metadata}, MERGE_PATCH)
        except StatusError as exc:
            if exc.code != 404:
                raise

    async def apply(self, path: APIPath, obj: JSONObject) -> None:
        """Apply `obj` by force, as the manager of the controller's name. Raises StatusError."""
        query = {"fieldManager": self.controller, "force": "true"}
        await self._send("PATCH", path, obj, APPLY_PATCH, query)

    async def apply_status(self, path: APIPath, obj: JSONObject) -> None:
        """Apply the status in `obj` to the object at `path`, likewise. Raises StatusError."""
        await self.apply(path.subresource("status"), obj)

    async def delete(self, path: APIPath, **options: Any) -> None:
        """Delete the object, unless there is none, or another one with its name. Raises StatusError."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        try:
            await self._send("DELETE", path, body)
        except StatusError as exc:
            if exc.code not in (404, 409):
                raise

    async def _send(
        self,
        method: str,
        path: APIPath,
        body: JSONObject | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> JSONObject:
        agent = f"{self.component}/{GIT_VERSION} (linux/amd64) kubernetes/{self.controller}"
        return await self.loopback.request(
            method, path, body, content_type=content_type, agent=agent, traced=False, query=query
        )


def without(items: Iterable[str], item: str) -> list[str]:
    """Return the `items` that are not `item`."""
    return [each for each in items if each != item]
