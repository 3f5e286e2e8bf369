"""Discovery, OpenAPI, health, version and metrics."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
import yaml

from rootspan_apiserver.handlers.documents.discovery import wants_aggregated
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.protobuf import MAGIC, decode
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V2BETA1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (f"{V2},application/json", True),
        (f"{V2BETA1},application/json", False),
        (f"{V2BETA1},{V2}", True),
        (f"application/json,{V2}", True),
        (V2.replace("json", "*"), True),
        (V2.upper(), False),
        ("application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_aggregated_discovery_is_chosen_by_accept(accept: str, wanted: bool) -> None:
    """A client that names v2 gets it, whatever else it accepts; v2beta1 is gone since v1.36; names are case-sensitive."""
    assert wants_aggregated(accept) is wanted


@pytest.mark.parametrize("path", ["/api", "/apis", "/api/"])
async def test_aggregated_discovery(client: httpx.AsyncClient, path: str) -> None:
    """Aggregated discovery tells its form in its content type, and is answered by 304 to who has it."""
    answer = await client.get(path, headers={"accept": f"{V2},application/json"})
    assert answer.headers["content-type"] == V2
    assert answer.json()["apiVersion"] == "apidiscovery.k8s.io/v2"
    assert answer.headers["cache-control"] == "public"
    again = await client.get(
        path, headers={"accept": f"{V2},application/json", "if-none-match": answer.headers["etag"]}
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


@pytest.mark.parametrize(
    ("accept", "code", "content_type"),
    [
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*;q=0.1", 200, "application/json"),
        (
            "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
            200,
            "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
        ),
        ("application/yaml", 406, None),
        ("application/vnd.kubernetes.protobuf", 406, None),
    ],
)
async def test_openapi_document_is_negotiated(
    client: httpx.AsyncClient, accept: str, code: int, content_type: str | None
) -> None:
    """JSON and protobuf are there, all else is 406."""
    answer = await client.get("/openapi/v3/apis/apps/v1", headers={"accept": accept})
    assert (answer.status_code, answer.headers.get("content-type")) == (code, content_type)
    assert answer.headers["vary"].startswith("Accept")
    assert bool(answer.content) == (content_type is not None)


async def test_health(server: Server) -> None:
    """Health is one word, or each check by name; readiness ends when the server begins to stop."""
    client = server.client
    assert (await client.get("/healthz")).text == "ok"
    verbose = (await client.get("/livez?verbose")).text.splitlines()
    assert verbose[:4] == ["[+]ping ok", "[+]log ok", "[+]loopback-serving-certificate ok", "[+]etcd ok"]
    assert verbose[-1] == "livez check passed"
    assert "[+]poststarthook/crd-informer-synced ok" in verbose
    excluding = (await client.get("/readyz?verbose&exclude=log&exclude=etcd&exclude=a")).text
    assert "[+]log excluded: ok\n[+]informer-sync ok\n" in excluding
    assert 'warn: some health checks cannot be excluded: no matches for "a","etcd"\n' in excluding
    assert (await client.get("/readyz/shutdown")).text == "ok"
    server.lifecycle.stopping.set()
    stopping = await client.get("/readyz")
    assert stopping.status_code == 500
    assert stopping.text.endswith("[-]shutdown failed: reason withheld\nreadyz check failed\n")
    single = await client.get("/readyz/shutdown")
    assert (single.status_code, single.text) == (500, "internal server error: process is shutting down\n")
    assert (await client.get("/readyz?exclude=shutdown")).status_code == 200
    assert (await client.get("/livez")).status_code == 200


async def test_hooks_fail_until_the_server_has_started(server: Server) -> None:
    """The post-start hooks of kube-apiserver are not finished before all parts of the server run."""
    server.lifecycle.started.clear()
    hook = await server.client.get("/livez/poststarthook/scheduling/bootstrap-system-priority-classes")
    assert (hook.status_code, hook.text) == (500, "internal server error: not finished\n")
    assert (await server.client.get("/readyz")).status_code == 500
    server.lifecycle.started.set()
    assert (await server.client.get("/readyz")).text == "ok"


async def test_results_of_health_checks_are_metrics(client: httpx.AsyncClient) -> None:
    """`/metrics/slis` has the last result of each check by endpoint, and how many there were."""
    for _ in range(2):
        await client.get("/livez")
    answer = await client.get("/metrics/slis")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    assert 'kubernetes_healthcheck{name="etcd",type="livez"} 1\n' in answer.text
    assert 'kubernetes_healthchecks_total{name="etcd",status="success",type="livez"} 2\n' in answer.text
    assert "readyz" not in answer.text


@pytest.mark.parametrize("kind", ["Flagz", "Statusz"])
async def test_zpages_are_text_or_objects(client: httpx.AsyncClient, kind: str) -> None:
    """Without a kind in `Accept` a page is text; the object is there in two versions, the older of which is deprecated."""
    path = f"/{kind.lower()}"
    for accept in ("", "*/*", "text/plain", "text/html,*/*;q=0.1"):
        text = await client.get(path, headers={"accept": accept})
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert text.text.startswith(f"\napiserver {kind.lower()}\nWarning: This endpoint is not meant")
    for media_type, version in (("json", "v1beta1"), ("yaml", "v1alpha1")):
        asked = f"application/{media_type};as={kind};v={version};g=config.k8s.io"
        answer = await client.get(path, headers={"accept": asked})
        assert answer.headers["content-type"] == f"application/{media_type};g=config.k8s.io;v={version};as={kind}"
        assert ("warning" in answer.headers) == (version == "v1alpha1")
        found = yaml.safe_load(answer.content)
        assert (found["kind"], found["metadata"]) == (kind, {"name": "apiserver"})
    for accept in ("application/json", PROTOBUF, f"{PROTOBUF};as={kind};v=v1beta1;g=config.k8s.io", "text/html"):
        refused = await client.get(path, headers={"accept": accept})
        message = "only the following media types are accepted: application/json, application/yaml, text/plain"
        assert (refused.status_code, refused.json()["message"]) == (406, message)


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
        'scope="namespace",subresource="",system_client="",verb="LIST",version="v1"} 1\n' in text
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


async def test_metrics_that_dashboards_read(client: httpx.AsyncClient) -> None:
    """The names, types and labels are kube-apiserver's; there is no series of creation times."""
    await client.post("/api/v1/namespaces/default/configmaps", json={"metadata": {"name": "counted"}})
    await client.get("/api/v1/namespaces/default/configmaps/counted")
    await client.get("/api/v1/configmaps?watch=1&timeoutSeconds=1")
    answer = await client.get("/metrics")
    text = answer.text
    assert int(answer.headers["process-start-time-unix"]) > 0
    for sample in (
        'apiserver_current_inflight_requests{request_kind="mutating"} ',
        'apiserver_current_inqueue_requests{request_kind="mutating"} 0',
        'apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"} 4',
        'apiserver_flowcontrol_nominal_limit_seats{priority_level="system"} ',
        (
            'apiserver_request_sli_duration_seconds_count{component="apiserver",group="",resource="configmaps",scope="resource",'
            'subresource="",verb="POST",version="v1"} 1'
        ),
        (
            'apiserver_response_sizes_count{component="apiserver",group="",resource="configmaps",scope="resource",subresource="",verb="GET",'
            'version="v1"} 1'
        ),
        'apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="false",type="admit"} 1',
        'apiserver_watch_events_total{group="",resource="configmaps",version="v1"} ',
        'apiserver_request_body_size_bytes_count{group="",resource="configmaps",verb="create"} 1',
        'field_validation_request_duration_seconds_count{field_validation=""} 0',
        'registered_metrics_total{deprecated_version="",stability_level="BETA"} ',
        "serviceaccount_valid_tokens_total 0",
        'authentication_attempts{result="success"} 4',
        'authorization_attempts_total{result="allowed"} 4',
        'kubernetes_build_info{build_date="1970-01-01T00:00:00Z"',
        'version_info{binary="1.36",component="kube",emulation="1.36",min_compat="1.35"} 1',
    ):
        assert f"\n{sample}" in text, sample
    assert "# TYPE apiserver_request_duration_seconds histogram\n" in text
    assert "# TYPE process_cpu_seconds_total counter\n" in text
    assert "_created" not in text


@pytest.mark.parametrize("path", ["/openapi/v2", "/openapi/v3", "/openapi/v3/apis/batch/v1"])
async def test_openapi_documents_are_served_like_files(client: httpx.AsyncClient, path: str) -> None:
    """They have a date, are answered by 304 or 412 to who has them, and in ranges."""
    answer = await client.get(path)
    assert parsedate_to_datetime(answer.headers["last-modified"]) <= datetime.now(UTC)
    for header in ({"if-none-match": "*"}, {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        assert (await client.get(path, headers=header)).status_code == 304
        assert (await client.post(path, headers=header)).status_code == (412 if "if-none-match" in header else 200)
    older = await client.get(path, headers={"if-modified-since": "Thu, 01 Jan 2015 00:00:00 GMT"})
    assert older.status_code == 200
    part = await client.get(path, headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, older.content[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(older.content)}"
    end = await client.get(path, headers={"range": "bytes=-7"})
    assert (end.status_code, end.content) == (206, older.content[-7:])
    assert (await client.get(path, headers={"range": "bytes=999999999-"})).status_code == 416


async def test_openapi_in_no_accepted_form_is_406_or_nothing(client: httpx.AsyncClient) -> None:
    """A media range that is not there is 406; v3 answers nothing to a header without one, not even the headers of the flow control."""
    for path in ("/openapi/v2", "/openapi/v3/api/v1"):
        assert (await client.get(path, headers={"accept": "text/csv"})).status_code == 406
    assert (await client.get("/openapi/v2", headers={"accept": "anything"})).status_code == 406
    nothing = await client.get("/openapi/v3/api/v1", headers={"accept": "anything"})
    assert (nothing.status_code, nothing.content) == (200, b"")
    assert not nothing.headers.keys() & {"vary", "x-kubernetes-pf-flowschema-uid"}


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/apis/apps/v1", "/version"])
async def test_content_type_without_a_body_is_compared_for_documents(client: httpx.AsyncClient, path: str) -> None:
    """The router refuses a GET whose content type the path does not read; it does so before it looks at `Accept`."""
    refused = await client.get(path, headers={"content-type": "image/png", "accept": "image/png"})
    assert (refused.status_code, refused.json()["message"]) == (415, "415: Unsupported Media Type")
    assert (await client.get(path, headers={"content-type": "application/json; x=y"})).status_code == 200
    assert (await client.get("/apis", headers={"content-type": "image/png"})).status_code == 200


async def test_deleted_metrics_begin_again(client: httpx.AsyncClient) -> None:
    """DELETE makes counters zero; gauges stay."""
    await client.get("/version")
    answer = await client.delete("/metrics")
    assert (answer.status_code, answer.text) == (200, "metrics reset\n")
    page = (await client.get("/metrics")).text
    counts = [
        line
        for line in page.splitlines()
        if line.startswith('apiserver_request_total{code="200"') and 'verb="GET"' in line
    ]
    assert [line.rpartition(" ")[2] for line in counts] == ["0"]
    assert "process_start_time_seconds" in page
    await client.get("/livez")
    assert (await client.delete("/metrics/slis")).text == "metrics reset\n"
    assert (
        'kubernetes_healthchecks_total{name="ping",status="success",type="livez"} 0'
        in (await client.get("/metrics/slis")).text
    )
