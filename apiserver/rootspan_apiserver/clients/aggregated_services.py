"""The APIServices that another server serves: an APIService with a `service`.

They are followed in the watch cache, so that finding the one of a request costs nothing where there are none.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apiserver/apiserver.go, apiservice_controller.go
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import condition
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.stored_object import StoredObject

AVAILABLE = "Available"


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatedService:
    """An APIService whose group-version is served by the Service `name` in `namespace`.

    `ca_bundle` is PEM, empty for the system's authorities; `insecure` accepts every certificate. `available` is the last condition.
    """

    group: str
    version: str
    namespace: str
    name: str
    port: int
    ca_bundle: bytes
    insecure: bool
    available: bool
    group_priority: int
    version_priority: int

    @classmethod
    def of(cls, obj: JSONObject) -> Self | None:
        """Return the service of an APIService, None if this server is."""
        spec = obj["spec"]
        service = spec.get("service")
        if not service:
            return None
        return cls(
            group=spec.get("group") or "",
            version=spec.get("version") or "",
            namespace=service.get("namespace") or "",
            name=service.get("name") or "",
            port=service.get("port") or 443,
            ca_bundle=_decoded(spec.get("caBundle") or ""),
            insecure=bool(spec.get("insecureSkipTLSVerify")),
            available=is_available(obj),
            group_priority=spec.get("groupPriorityMinimum") or 0,
            version_priority=spec.get("versionPriority") or 0,
        )

    @property
    def host(self) -> str:
        """The name that the server's certificate has to be for."""
        return f"{self.name}.{self.namespace}.svc"

    @property
    def root(self) -> str:
        """The path below which it serves."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


def condition_of(obj: JSONObject) -> JSONObject:
    """Return the condition `Available` of an APIService, empty if there is none."""
    return condition(obj, AVAILABLE)


def is_available(obj: JSONObject) -> bool:
    """Return whether an APIService is available."""
    return condition_of(obj).get("status") == "True"


class AggregatedServices:
    """All of them, by the name of their APIService. `changed` is called after each change."""

    def __init__(self) -> None:
        self._by_name: dict[str, AggregatedService] = {}
        self._subscribers: list[Callable[[], None]] = []

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each change."""
        self._subscribers.append(callback)

    @property
    def by_name(self) -> Mapping[str, AggregatedService]:
        return self._by_name

    def serving(self, path: str) -> AggregatedService | None:
        """Return the service of a request for this path, None if it is this server's own."""
        if not self._by_name:
            return None
        match path.split("/", 4):
            case ["", "apis", group, version, *_]:
                return self._by_name.get(f"{version}.{group}")
            case ["", "api", *_]:
                return self._by_name.get("v1.")
        return None

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Begin again with these objects; called by the watch cache."""
        self._by_name.clear()
        for stored in objects:
            self._put(stored)
        self._notify()

    def observe(self, change: Change) -> None:
        """Follow a change; called by the watch cache."""
        before = self._by_name.get(change.object.name)
        if change.deleted:
            self._by_name.pop(change.object.name, None)
        else:
            self._put(change.object)
        if before != self._by_name.get(change.object.name):
            self._notify()

    def _put(self, stored: StoredObject) -> None:
        found = AggregatedService.of(stored.decode())
        if found is None:
            self._by_name.pop(stored.name, None)
        else:
            self._by_name[stored.name] = found

    def _notify(self) -> None:
        for callback in self._subscribers:
            callback()


def _decoded(bundle: str) -> bytes:
    try:
        return base64.b64decode(bundle, validate=True)
    except binascii.Error:
        return bundle.encode()
