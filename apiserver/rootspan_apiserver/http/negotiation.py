"""Which representation a client gets: its `Accept` header against what the server can write.

A clause may name a transformation too: `application/json;as=Table;v=v1;g=meta.k8s.io`. The first acceptable clause wins, after sorting by
quality, so that `…;as=Table…,application/json` gets a Table where there is one and the object where there is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rootspan_apiserver.kube.status import StatusError

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_AVAILABLE = f"{JSON}, {YAML}, {PROTOBUF}, {JSON};stream=watch, {PROTOBUF};stream=watch"
_TRANSFORMATIONS = frozenset({"Table", "PartialObjectMetadata", "PartialObjectMetadataList"})
_LONGEST_KEPT = 1024
_PRETTY_AGENTS = ("curl", "Wget", "Mozilla/5.0")

Transformation = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"]


@dataclass(frozen=True, slots=True)
class Representation:
    """A media type the server writes, and the kind the object is turned into first ("" for none) in a version of meta.k8s.io."""

    media_type: str = JSON
    transformation: Transformation = ""
    version: str = "v1"
    pretty: bool = False

    @property
    def meta_version(self) -> str:
        """The group and version of what the object is turned into."""
        return f"meta.k8s.io/{self.version}"

    @property
    def encoder(self) -> str:
        """The name spans give the encoder, before the version it encodes to."""
        if self.media_type == PROTOBUF:
            return '"protobuf"'
        yaml = self.media_type == YAML
        return f'"{{\\"name\\":\\"json\\",\\"pretty\\":\\"{_go(self.pretty)}\\",\\"strict\\":\\"false\\",\\"yaml\\":\\"{_go(yaml)}\\"}}"'


def _go(value: bool) -> str:
    return "true" if value else "false"


def not_acceptable() -> StatusError:
    message = f"406: Not Acceptable\n\nAvailable representations: {_AVAILABLE}"
    return StatusError(406, "NotAcceptable", message, {})


def wants_pretty(pretty: str | None, user_agent: str) -> bool:
    """The `pretty` parameter, else whether the client looks like a human's."""
    if pretty is not None:
        return pretty.lower() not in ("false", "0")
    return user_agent.startswith(_PRETTY_AGENTS)


def negotiate(
    accept: str, *, pretty: bool = False, transformations: bool = False, protobuf: bool = True
) -> Representation:
    """The best representation for an `Accept` header. Raises StatusError 406 when there is none.

    Args:
        transformations: whether the endpoint can answer a Table or the metadata alone.
        protobuf: whether the answer has a protobuf form: custom resources have none, and a Table has none.
    """
    choose = _choose if len(accept) <= _LONGEST_KEPT else _choose.__wrapped__
    return choose(accept, pretty, transformations, protobuf)


@lru_cache(maxsize=1024)
def _choose(accept: str, pretty: bool, transformations: bool, protobuf: bool) -> Representation:
    if not accept.strip():
        return Representation(pretty=pretty)
    for media_type, parameters in _clauses(accept):
        kind = parameters.get("as", "")
        if not (accepted := _matching(media_type, protobuf=protobuf and kind != "Table")):
            continue
        if kind and not (transformations and _known_transformation(kind, parameters)):
            continue
        shown = pretty or parameters.get("pretty") == "1"
        return Representation(accepted, kind, parameters.get("v", "v1"), shown and accepted == JSON)  # type: ignore[arg-type] # kind was checked
    raise not_acceptable()


def _known_transformation(kind: str, parameters: dict[str, str]) -> bool:
    if kind not in _TRANSFORMATIONS or parameters.get("g") != "meta.k8s.io":
        return False
    return parameters.get("v") in ("v1", "v1beta1")


def _matching(media_type: str, *, protobuf: bool) -> str:
    if media_type in ("*/*", "application/*", JSON):
        return JSON
    return media_type if media_type == YAML or (protobuf and media_type == PROTOBUF) else ""


def _clauses(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    clauses = []
    for text in accept.split(","):
        media_type, *rest = (part.strip() for part in text.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        clauses.append((_quality(parameters.pop("q", "1")), media_type.lower(), parameters))
    clauses.sort(key=lambda clause: -clause[0])
    return ((media_type, parameters) for _, media_type, parameters in clauses)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
