"""The `Accept` header: which representation is chosen, and the two refusals there are."""

import httpx
import pytest
import yaml

from rootspan_apiserver.http.accept import parse_accept, preferred
from rootspan_apiserver.http.negotiation import Offer, negotiate, wants_pretty
from rootspan_apiserver.kube.media_types import JSON, OBJECTS, PROTOBUF, YAML
from rootspan_apiserver.kube.status import StatusError

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = ";as=Table;v=v1;g=meta.k8s.io"
METADATA = ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
ACCEPTED = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
LISTED = (
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
    "application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)
ONE = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf"
OBJECT = Offer(table=True, metadata=True)
CUSTOM = Offer((JSON, YAML), table=True, metadata=True)


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("application/json", ["application/json"]),
        ("a/b;q=0.2, c/d;q=0.9 ,e/f", ["e/f", "c/d", "a/b"]),
        ("*/*, a/*, a/b", ["a/b", "a/*", "*/*"]),
        ("*", ["*/*"]),
        ("a/b;q=high, c/d;q=0.1", ["c/d", "a/b"]),
        ("text, a/b/c, ,a/b", ["a/b"]),
        (
            ",".join(f"a/{number};q=0.{number}" for number in range(10, 30)),
            [f"a/{number}" for number in range(29, 9, -1)],
        ),
    ],
)
def test_clauses_are_sorted_by_preference(header: str, ranges: list[str]) -> None:
    """Greater quality comes first, then the more specific range; what is no media range is left out."""
    assert [f"{clause.type}/{clause.subtype}" for clause in parse_accept(header)] == ranges


@pytest.mark.parametrize(
    ("header", "offer", "chosen", "kind"),
    [
        ("", OBJECT, JSON, ""),
        ("*/*", OBJECT, JSON, ""),
        ("application/*", OBJECT, JSON, ""),
        (f"{JSON};q=0.5,{YAML}", OBJECT, YAML, ""),
        (f"{JSON}{TABLE},{JSON}", OBJECT, JSON, "Table"),
        (f"{YAML}{TABLE}", OBJECT, YAML, "Table"),
        (f"{PROTOBUF}{TABLE},{YAML}", OBJECT, YAML, ""),
        (f"{JSON}{TABLE},{YAML}", Offer(), YAML, ""),
        (f"{JSON};as=Table;v=v2;g=meta.k8s.io,{YAML}", OBJECT, YAML, ""),
        (f"{JSON};v=v1,{YAML}", OBJECT, YAML, ""),
        (f"{JSON};as=,{YAML}", OBJECT, JSON, ""),
        (f"{JSON};g=a=b,{YAML}", OBJECT, JSON, ""),
        (f"{JSON};sv=v1,{YAML}", OBJECT, JSON, ""),
        (f"{JSON};sv=v1,{YAML}", Offer(), YAML, ""),
        (f"{JSON};stream=other,{YAML}", OBJECT, YAML, ""),
        (f"{YAML};stream=watch,{JSON};stream=watch", OBJECT, JSON, ""),
        (f"{JSON};sv=v2,{YAML};sv=v1", OBJECT, YAML, ""),
        (f"{PROTOBUF},{YAML}", CUSTOM, YAML, ""),
        (f"{PROTOBUF}{METADATA}", CUSTOM, PROTOBUF, "PartialObjectMetadata"),
    ],
)
def test_first_acceptable_clause_is_chosen(header: str, offer: Offer, chosen: str, kind: str) -> None:
    """A clause whose parameters the endpoint cannot satisfy is skipped; metadata alone has a protobuf form, a Table has none."""
    found = negotiate(header, offer)
    assert (found.media_type, found.transformation) == (chosen, kind)


@pytest.mark.parametrize(
    "header", ["text/html", "APPLICATION/JSON", f"{PROTOBUF}{TABLE}", f"{JSON};as=Pod;v=v1;g=meta.k8s.io"]
)
def test_unacceptable_header_is_refused(header: str) -> None:
    """Names are case-sensitive, and the refusal lists what is written."""
    with pytest.raises(StatusError) as caught:
        negotiate(header, OBJECT)
    assert (caught.value.code, caught.value.message, caught.value.details) == (406, ACCEPTED, None)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [("", JSON), ("*/*", JSON), (f"{YAML},{JSON};q=0.1", YAML), ("text/html", None), ("text/*", None)],
)
def test_document_in_preferred_media_type(header: str, chosen: str | None) -> None:
    """A document in several formats is written in the one that the client prefers."""
    assert preferred(header, OBJECTS) == chosen


@pytest.mark.parametrize(
    ("pretty", "agent", "shown"),
    [
        (None, "kubectl/v1", False),
        (None, "curl/8", True),
        ("", "curl/8", True),
        ("", "kubectl/v1", False),
        ("0", "curl/8", False),
        ("T", "kubectl/v1", True),
        ("yes", "curl/8", False),
    ],
)
def test_pretty_is_a_go_boolean(pretty: str | None, agent: str, shown: bool) -> None:
    """Without a value the client decides; what is no boolean is false."""
    assert wants_pretty(pretty, agent) is shown


@pytest.mark.parametrize(
    ("path", "accept", "message"),
    [
        (MAPS, "text/html", LISTED),
        (MAPS, "APPLICATION/JSON", LISTED),
        (MAPS, f"application/*{TABLE}", LISTED),
        (f"{MAPS}/one", "text/html", ONE),
        (f"{MAPS}/one", "application/*", ONE),
        (f"{MAPS}/one", f"{JSON};as=Pod", ACCEPTED),
        (MAPS, f"{PROTOBUF}{TABLE}", ACCEPTED),
        (
            f"{MAPS}?watch=1",
            YAML,
            ACCEPTED.replace(f"{JSON}, {YAML}, {PROTOBUF}", f"{JSON};stream=watch, {PROTOBUF};stream=watch"),
        ),
        ("/version", "text/html", "406: Not Acceptable\n\nAvailable representations: application/json"),
        ("/apis/apps/v1", "text/html", ONE),
        ("/apis", "text/html", ACCEPTED),
        ("/openid/v1/jwks", JSON, "406: Not Acceptable\n\nAvailable representations: application/jwk-set+json"),
    ],
)
async def test_unacceptable_request_returns_406(
    client: httpx.AsyncClient, path: str, accept: str, message: str
) -> None:
    """The router names the media types of the path, an endpoint those it can write."""
    await client.post(MAPS, json={"metadata": {"name": "one"}})
    answer = await client.get(path, headers={"accept": accept})
    assert (answer.status_code, yaml.safe_load(answer.text)["message"]) == (406, message)


SWAGGER = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V2 = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize("path", ["/api", "/apis"])
@pytest.mark.parametrize("media_type", OBJECTS)
async def test_aggregated_discovery_has_every_format(client: httpx.AsyncClient, path: str, media_type: str) -> None:
    """JSON, YAML and protobuf, each with its kind in the content type, and the same entity tag."""
    answer = await client.get(path, headers={"accept": f"{media_type}{V2}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{media_type}{V2}")
    known = await client.get(path, headers={"accept": f"{JSON}{V2}", "if-none-match": answer.headers["etag"]})
    assert known.status_code == 304


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (JSON, JSON),
        (
            "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
            SWAGGER,
        ),
        (
            f"{JSON};q=0.1,{SWAGGER}",
            SWAGGER,
        ),
    ],
)
async def test_swagger_has_two_formats(client: httpx.AsyncClient, accept: str, content_type: str) -> None:
    """JSON or protocol buffers, by preference; anything else is refused without a body."""
    answer = await client.get("/openapi/v2", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    refused = await client.get("/openapi/v2", headers={"accept": "text/html"})
    assert (refused.status_code, refused.content) == (406, b"")


METADATA_LIST = METADATA.replace("Metadata;", "MetadataList;")


@pytest.mark.parametrize(
    ("path", "accept", "said"),
    [
        (
            MAPS,
            METADATA,
            "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)",
        ),
        (
            "/api/v1/namespaces/default",
            METADATA_LIST,
            "you requested PartialObjectMetadataList, but the requested object is not a list (*core.Namespace)",
        ),
        ("/api/v1/namespaces/default/pods/none/resize", TABLE, ACCEPTED),
        ("/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/none/status", TABLE, ACCEPTED),
        ("/apis/certificates.k8s.io/v1/certificatesigningrequests/none/approval", TABLE, ACCEPTED),
    ],
)
async def test_form_that_an_object_has_not_returns_406(
    client: httpx.AsyncClient, path: str, accept: str, said: str
) -> None:
    """The refusal names the Go type, of the list or of the object; a part without columns is no Table, also where there is no object."""
    await client.post("/api/v1/namespaces", json={"metadata": {"name": "default"}})
    answer = await client.get(path, headers={"accept": JSON + accept})
    assert (answer.status_code, answer.json()["message"]) == (406, said)


async def test_review_is_answered_as_its_metadata(client: httpx.AsyncClient) -> None:
    """What is created and never stored has metadata to show, but no columns; a `Status` is answered as it is."""
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    review = {"spec": {"namespace": "default"}}
    shown = await client.post(reviews, json=review, headers={"accept": JSON + METADATA})
    assert (shown.status_code, shown.json()["kind"]) == (201, "PartialObjectMetadata")
    assert (await client.post(reviews, json=review, headers={"accept": JSON + TABLE})).status_code == 406


async def test_metadata_of_the_older_version_has_protobuf(client: httpx.AsyncClient) -> None:
    """The metadata of one object in v1beta1 is the same message as in v1."""
    await client.post("/api/v1/namespaces", json={"metadata": {"name": "default"}})
    accept = PROTOBUF + METADATA.replace("v=v1", "v=v1beta1")
    answer = await client.get("/api/v1/namespaces/default", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, PROTOBUF)
    assert b"meta.k8s.io/v1beta1" in answer.content
