"""Discovery, OpenAPI, health, version and metrics."""

import httpx
import pytest
import yaml

from rootspan_apiserver.handlers.documents.discovery import aggregated_version
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.protobuf import MAGIC, decode
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V2BETA1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (f"{V2},application/json", "v2"),
        (f"{V2BETA1},application/json", "v2beta1"),
        (f"{V2},{V2BETA1},application/json", "v2"),
        (f"{V2BETA1},{V2}", "v2beta1"),
        (f"application/json,{V2}", "v2"),
        (f"application/json;q=0.9,{V2BETA1};q=0.1,{V2};q=0.5", "v2"),
        (V2.replace("json", "*"), "v2"),
        (V2.upper(), None),
        ("application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json", None),
        ("application/json", None),
        ("*/*", None),
        ("", None),
    ],
)
def test_aggregated_discovery_is_chosen_by_accept(accept: str, version: str | None) -> None:
    """A client that names an aggregated form gets the one it prefers, whatever else it accepts; names are case-sensitive."""
    assert aggregated_version(accept) == version


@pytest.mark.parametrize("path", ["/api", "/apis", "/api/", "/apis/"])
async def test_aggregated_discovery(client: httpx.AsyncClient, path: str) -> None:
    """Aggregated discovery tells its form in its content type, and is answered by 304 to who has it."""
    answer = await client.get(path, headers={"accept": f"{V2BETA1},application/json"})
    assert answer.headers["content-type"] == V2BETA1
    assert answer.json()["apiVersion"] == "apidiscovery.k8s.io/v2beta1"
    assert answer.headers["cache-control"] == "public"
    again = await client.get(
        path, headers={"accept": f"{V2BETA1},application/json", "if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api", "APIVersions"),
        ("/apis/", "APIGroupList"),
        ("/apis/apps", "APIGroup"),
        ("/apis/apps/v1/", "APIResourceList"),
        ("/api/v1", "APIResourceList"),
    ],
)
async def test_legacy_discovery(client: httpx.AsyncClient, path: str, kind: str) -> None:
    """Each level has its document, with or without a slash at the end."""
    assert (await client.get(path)).json()["kind"] == kind


PROTOBUF = "application/vnd.kubernetes.protobuf"
YAML = "application/yaml"


@pytest.mark.parametrize(
    ("path", "kind", "api_version"),
    [
        ("/api", "APIVersions", ""),
        ("/api/v1", "APIResourceList", ""),
        ("/apis", "APIGroupList", "v1"),
        ("/apis/apps", "APIGroup", "v1"),
        ("/apis/apps/v1", "APIResourceList", "v1"),
    ],
)
async def test_discovery_says_the_same_in_each_format(
    client: httpx.AsyncClient, path: str, kind: str, api_version: str
) -> None:
    """Protobuf and YAML are the JSON document; below `/api` neither it nor the envelope names a version, as upstream."""
    document = (await client.get(path)).json()
    assert (document["kind"], document.get("apiVersion", "")) == (kind, api_version)
    yaml_text = await client.get(path, headers={"accept": YAML})
    assert yaml_text.headers["content-type"] == YAML
    assert yaml.safe_load(yaml_text.content) == document
    binary = await client.get(path, headers={"accept": PROTOBUF})
    assert (binary.status_code, binary.headers["content-type"]) == (200, PROTOBUF)
    type_meta = wire.bytes_field(1, api_version.encode()) + wire.bytes_field(2, kind.encode())
    assert binary.content.startswith(MAGIC + wire.bytes_field(1, type_meta))
    read, _ = decode(binary.content, GroupVersionKind("", "v1", kind))
    assert read == {key: value for key, value in document.items() if key not in ("kind", "apiVersion")}


@pytest.mark.parametrize("accept", [PROTOBUF, YAML, "application/json", "text/html", ""])
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "application/json"),
        ("/healthz", "text/plain; charset=utf-8"),
        ("/livez", "text/plain; charset=utf-8"),
        ("/readyz?verbose", "text/plain; charset=utf-8"),
    ],
)
async def test_index_and_health_are_not_negotiated(
    client: httpx.AsyncClient, path: str, content_type: str, accept: str
) -> None:
    """The index and health are answered as they are, whatever the client accepts."""
    answer = await client.get(path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1"])
async def test_discovery_in_no_format_the_client_accepts_is_406(client: httpx.AsyncClient, path: str) -> None:
    """Discovery is negotiated: JSON, YAML and protobuf are there."""
    assert (await client.get(path, headers={"accept": "text/html"})).status_code == 406


async def test_openapi(client: httpx.AsyncClient) -> None:
    """The index leads to documents that may be kept for good; a stale hash leads to the new one."""
    index = (await client.get("/openapi/v3")).json()
    url = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
    answer = await client.get(url)
    assert answer.json()["openapi"].startswith("3.")
    assert answer.headers["cache-control"] == "public, immutable"
    assert (await client.get(url, headers={"if-none-match": answer.headers["etag"]})).status_code == 304
    stale = await client.get("/openapi/v3/apis/apps/v1?hash=OLD")
    assert (stale.status_code, stale.headers["location"]) == (301, url)


async def test_health(server: Server) -> None:
    """Health is one word, or each check by name; readiness ends when the server begins to stop."""
    client = server.client
    assert (await client.get("/healthz")).text == "ok"
    assert (await client.get("/livez?verbose")).text == "[+]ping ok\nlivez check passed\n"
    assert (await client.get("/readyz/shutdown")).text == "ok"
    server.lifecycle.stopping.set()
    stopping = await client.get("/readyz")
    assert stopping.status_code == 500
    assert stopping.text == "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n"
    assert (await client.get("/readyz?exclude=shutdown")).status_code == 200
    assert (await client.get("/livez")).status_code == 200


async def test_version(client: httpx.AsyncClient) -> None:
    """The version is indented, as the real server's, and asked for with a slash by some clients."""
    answer = await client.get("/version/")
    assert answer.json()["gitVersion"] == "v1.36.2"
    assert answer.text.startswith('{\n  "major": "1",\n')


async def test_metrics(client: httpx.AsyncClient) -> None:
    """Requests are counted under kube-apiserver's names; what a caller invents makes no series."""
    await client.get("/api/v1/namespaces/default/configmaps")
    await client.get("/api/v1/namespaces/default/inventions")
    await client.request("BREW", "/coffee")
    text = (await client.get("/metrics")).text
    assert (
        'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",'
        'scope="namespace",subresource="",verb="LIST",version="v1"} 1.0' in text
    )
    assert "apiserver_request_duration_seconds_bucket" in text
    assert "inventions" not in text
    assert "BREW" not in text


async def test_metrics_show_trace_ids_as_exemplars(client: httpx.AsyncClient) -> None:
    """To a scraper of OpenMetrics the durations of sampled requests show their trace."""
    await client.get("/version")
    text = (await client.get("/metrics", headers={"accept": "application/openmetrics-text"})).text
    assert '# {trace_id="' in text
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("accept", "beginning"),
    [
        ("application/json", b'{"kind":"ConfigMapList"'),
        ("application/yaml", b"apiVersion: v1\nitems: []\nkind: ConfigMapList\n"),
        ("text/html,*/*;q=0.1", b'{"kind":"ConfigMapList"'),
        (
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            b'{"kind":"Table","apiVersion":"meta.k8s.io/v1"',
        ),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", b'{"kind":"ConfigMapList"'),
        ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", b'{"kind":"PartialObjectMetadataList"'),
        ("application/yaml;q=0.5,application/json", b'{"kind":"ConfigMapList"'),
        ("", b'{"kind":"ConfigMapList"'),
    ],
)
async def test_representations(client: httpx.AsyncClient, accept: str, beginning: bytes) -> None:
    """The first representation the client prefers and the server has."""
    answer = await client.get("/api/v1/configmaps", headers={"accept": accept})
    assert answer.content.startswith(beginning)


async def test_interactive_clients_get_indented_json(client: httpx.AsyncClient) -> None:
    """curl and browsers are shown indented JSON unless they say no; the parameter is one of Go's booleans, empty it says nothing."""
    curl = {"user-agent": "curl/8.0"}
    assert (await client.get("/api/v1/configmaps", headers=curl)).text.startswith('{\n  "kind"')
    assert (await client.get("/api/v1/configmaps?pretty=0", headers=curl)).text.startswith('{"kind"')
    for value, beginning in (("true", '{\n  "kind"'), ("1", '{\n  "kind"'), ("", '{"kind"'), ("yes", '{"kind"')):
        assert (await client.get(f"/api/v1/configmaps?pretty={value}")).text.startswith(beginning)
