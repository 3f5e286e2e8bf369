"""Which representation a client gets: its `Accept` header against what an endpoint can write.

A clause may name a transformation too: `application/json;as=Table;v=v1;g=meta.k8s.io`. The first acceptable clause is chosen, so that
`…;as=Table…,application/json` gets a Table where there is one and the object where there is not.

Two refusals have the code 406: the router's, where no clause names one of the media types of the path to the letter, and the endpoint's,
where none of the clauses that do can be satisfied.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go, vendor/github.com/emicklei/go-restful/v3/jsr311.go
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rootspan_apiserver.http.accept import Clause, parse_accept
from rootspan_apiserver.kube.go_numbers import parse_bool
from rootspan_apiserver.kube.media_types import JSON, OBJECTS, PLAIN, PROTOBUF, YAML
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError

STREAMS = tuple(f"{media_type};stream=watch" for media_type in (JSON, PROTOBUF))
META_GROUP = "meta.k8s.io"
_METADATA = ("PartialObjectMetadata", "PartialObjectMetadataList")
_LONGEST_CACHED = 1024
_PRETTY_AGENTS = ("curl", "Wget", "Mozilla/5.0")


@dataclass(frozen=True, slots=True)
class Representation:
    """A media type that the server writes, and the kind the object is converted to first, None for its own."""

    media_type: str = JSON
    converted_to: GroupVersionKind | None = None
    pretty: bool = False

    @property
    def transformation(self) -> str:
        """The kind the object is converted to (`Table`, `PartialObjectMetadata`…), "" for its own."""
        return self.converted_to.kind if self.converted_to is not None else ""

    @property
    def meta_version(self) -> str:
        """The version of what the object is converted to, `v1` for its own."""
        return self.converted_to.version if self.converted_to is not None else "v1"

    @property
    def encoder(self) -> str:
        """The name of the encoder in spans."""
        if self.media_type == PROTOBUF:
            return '"protobuf"'
        pretty, yaml = ("true" if flag else "false" for flag in (self.pretty, self.media_type == YAML))
        return (
            f'"{{\\"name\\":\\"json\\",\\"pretty\\":\\"{pretty}\\",\\"strict\\":\\"false\\",\\"yaml\\":\\"{yaml}\\"}}"'
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What an endpoint can write.

    Attributes:
        media_types: Of the object itself.
        table: Whether it can be shown as a Table.
        metadata: Whether its metadata can be shown alone.
        kinds: The kinds that it can be converted to; where there are some, there is neither a Table nor its metadata alone.
        formats: The media types that are tried, in order, and that a refusal names.
    """

    media_types: tuple[str, ...] = OBJECTS
    table: bool = False
    metadata: bool = False
    kinds: tuple[GroupVersionKind, ...] = ()
    formats: tuple[str, ...] = OBJECTS

    def allows(self, media_type: str, converted_to: GroupVersionKind | None) -> bool:
        if converted_to is None:
            return media_type in self.media_types
        if self.kinds:
            return converted_to in self.kinds and media_type != PLAIN
        if converted_to.group != META_GROUP or converted_to.version not in ("v1", "v1beta1"):
            return False
        if converted_to.kind == "Table":
            return self.table and media_type != PROTOBUF
        return self.metadata and converted_to.kind in _METADATA


DOCUMENT = Offer()
"""Of documents and of refusals."""


def check_routed(accept: str, produced: Sequence[str]) -> None:
    """Refuse a client that names none of the media types that a path produces.

    Raises:
        StatusError: 406, no clause is `*/*` or one of `produced`; wildcards of one type are not known here.
    """
    named = [clause.partition(";")[0].strip(" ") for clause in accept.split(",")] if accept else ["*/*"]
    if "*/*" not in named and not any(media_type in produced for media_type in named):
        message = f"406: Not Acceptable\n\nAvailable representations: {', '.join(produced)}"
        raise StatusError(406, "NotAcceptable", message, {})


def not_acceptable(accepted: Sequence[str] = OBJECTS) -> StatusError:
    """Return the refusal of an endpoint, which names the media types it writes."""
    return StatusError(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(accepted)}")


def wants_pretty(pretty: str | None, user_agent: str) -> bool:
    """Return the `pretty` parameter, else whether the client is one that humans use."""
    if pretty:
        try:
            return parse_bool(pretty)
        except ValueError:
            return False
    return user_agent.startswith(_PRETTY_AGENTS)


def negotiate(accept: str, offer: Offer = DOCUMENT, *, pretty: bool = False) -> Representation:
    """Choose the representation that the client prefers among those offered.

    Raises:
        StatusError: 406, there is none.
    """
    choose = _choose if len(accept) <= _LONGEST_CACHED else _choose.__wrapped__
    return choose(accept, offer, pretty)


@lru_cache(maxsize=1024)
def _choose(accept: str, offer: Offer, pretty: bool) -> Representation:
    if not accept and JSON in offer.media_types:
        return Representation(pretty=pretty)
    for clause in parse_accept(accept):
        converted_to = _converted_to(clause)
        for media_type in offer.formats:
            if not clause.matches(media_type) or not _acceptable(clause, media_type, offer):
                continue
            if offer.allows(media_type, converted_to):
                shown = media_type == JSON and (pretty or clause.parameters.get("pretty") == "1")
                return Representation(media_type, converted_to, shown)
    raise not_acceptable(offer.formats)


def _converted_to(clause: Clause) -> GroupVersionKind | None:
    named = clause.parameters
    if not named.keys() & {"as", "g", "v"}:
        return None
    return GroupVersionKind(named.get("g", ""), named.get("v", ""), named.get("as", ""))


def _acceptable(clause: Clause, media_type: str, offer: Offer) -> bool:
    """Return whether the clause's parameters ask for nothing that is not done: another stream than a watch, another server version."""
    stream, version = clause.parameters.get("stream", ""), clause.parameters.get("sv", "")
    return (not stream or (stream == "watch" and media_type != YAML)) and (
        not version or (version == "v1" and offer.metadata)
    )
