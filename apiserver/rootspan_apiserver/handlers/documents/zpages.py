"""`/flagz` and `/statusz`: the flags and the state of the process, as text for people, or as an object of config.k8s.io.

Upstream: staging/src/k8s.io/apiserver/pkg/server/flagz/flagz.go, staging/src/k8s.io/apiserver/pkg/server/statusz/statusz.go
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from rootspan_apiserver.handlers.documents.version import VERSION
from rootspan_apiserver.http.negotiation import Offer
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import (
    FILTER,
    Response,
    error_response,
    object_response,
    plain_text,
    representation,
)
from rootspan_apiserver.kube.media_types import JSON, PLAIN, YAML
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.release import MAJOR, MINOR
from rootspan_apiserver.kube.status import StatusError

_GROUP = "config.k8s.io"
_VERSIONS = ("v1alpha1", "v1beta1")
_WARNING = (
    "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes "
    "only."
)
_NOT_FOR_DEBUGGING = frozenset({"/apis", "/api", "/openid", "/openapi", "/.well-known"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ZPages:
    """What the pages show.

    Attributes:
        flags: The values of the flags; None serves no `/flagz`.
        statusz: Whether there is `/statusz`.
        emulated_version: The version whose behaviour is emulated.
    """

    flags: Mapping[str, str] | None = field(default_factory=dict)
    statusz: bool = True
    emulated_version: str = f"{MAJOR}.{MINOR}"

    def by_path(self, others: Iterable[str]) -> "Mapping[str, ZPage]":
        """Return the pages; `others` are the other paths that the index lists."""
        pages: dict[str, ZPage] = {}
        if self.flags is not None:
            pages["/flagz"] = Flagz(self.flags)
        if self.statusz:
            pages["/statusz"] = Statusz(self.emulated_version, [*others, *pages, "/statusz"])
        return pages


class ZPage:
    """A page of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        kinds = tuple(GroupVersionKind(_GROUP, version, kind) for version in _VERSIONS)
        self._offer = Offer((PLAIN,), kinds=kinds, formats=(JSON, YAML, PLAIN))

    def content(self) -> JSONObject:
        """Return the object without its head."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the lines below the warning."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        if not request.header(b"accept").strip():
            return self._text()
        try:
            shown = representation(request, self._offer)
        except StatusError as error:
            return error_response(request, error, writer=FILTER, formats=(JSON, YAML))
        if shown.converted_to is None:
            return self._text()
        version = shown.converted_to.version
        if version == _VERSIONS[0]:
            name = self._kind.lower()
            request.warnings.append(f"This version of the {name} endpoint is deprecated. Please use a newer version.")
        head = {"kind": self._kind, "apiVersion": f"{_GROUP}/{version}", "metadata": {"name": "apiserver"}}
        media_type = f"{shown.media_type};g={_GROUP};v={version};as={self._kind}"
        return object_response(orjson.dumps(head | self.content()), shown, writer=FILTER, content_type=media_type)

    def _text(self) -> Response:
        return plain_text(f"\napiserver {self._kind.lower()}\n{_WARNING}\n{self.text()}")


class Flagz(ZPage):
    """The flags and their values."""

    def __init__(self, flags: Mapping[str, str]) -> None:
        super().__init__("Flagz")
        self._flags = flags

    def content(self) -> JSONObject:
        return {"flags": dict(self._flags)}

    def text(self) -> str:
        return "".join(f"{name}={value}\n" for name, value in self._flags.items())


class Statusz(ZPage):
    """The state of the process.

    Args:
        emulated_version: The version whose behaviour is emulated.
        paths: Those that the index lists.
    """

    def __init__(self, emulated_version: str, paths: Iterable[str]) -> None:
        super().__init__("Statusz")
        self._emulated_version = emulated_version
        folders = {f"/{path.split('/')[1]}" for path in paths if path != "/"}
        self._paths = sorted(folders - _NOT_FOR_DEBUGGING)
        self._started = time.time()

    def content(self) -> JSONObject:
        return {
            "startTime": f"{self._start:%Y-%m-%dT%H:%M:%SZ}",
            "uptimeSeconds": self._uptime,
            "goVersion": VERSION["goVersion"],
            "binaryVersion": VERSION["gitVersion"][1:],
            "emulationVersion": self._emulated_version,
            "paths": self._paths,
        }

    @property
    def _start(self) -> datetime:
        return datetime.fromtimestamp(self._started, UTC)

    @property
    def _uptime(self) -> int:
        return int(time.time() - self._started)

    def text(self) -> str:
        minutes, seconds = divmod(self._uptime, 60)
        rows = {
            "Started": f"{self._start:%a %b %e %H:%M:%S UTC %Y}",
            "Up": f"{minutes // 60} hr {minutes % 60:02d} min {seconds:02d} sec",
            "Go version": VERSION["goVersion"],
            "Binary version": VERSION["gitVersion"][1:],
            "Emulation version": self._emulated_version,
            "Paths": " ".join(self._paths),
        }
        return "\n" + "".join(f"{name}: {value}\n" for name, value in rows.items())
