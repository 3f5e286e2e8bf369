"""What dashboards and SLO rules read in `/metrics` is counted where it happens."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from rootspan_apiserver import Environment

pytestmark = pytest.mark.anyio
NAMESPACES = "/api/v1/namespaces"
MAPS = f"{NAMESPACES}/default/configmaps"
CLOSED = "https://127.0.0.1:1/hook"
LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Page:
    """What one scrape returned."""

    def __init__(self, text: str) -> None:
        found = (LINE.fullmatch(line) for line in text.splitlines())
        self._series = [(each[1], dict(LABEL.findall(each[2] or "")), float(each[3])) for each in found if each]

    def value(self, metric: str, /, **labels: str) -> float:
        """The sum of the series of a metric that have these labels, 0 where there are none."""
        return sum(value for name, found, value in self._series if name == metric and labels.items() <= found.items())


class Scraper:
    """A client of one server, which reads its metrics."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def page(self) -> Page:
        return Page((await self.client.get("/metrics")).text)

    async def until(self, wanted: float, metric: str, /, **labels: str) -> None:
        """Read a metric until it has the value."""
        async with asyncio.timeout(20):
            while True:
                if (await self.page()).value(metric, **labels) == wanted:
                    return
                await asyncio.sleep(0.02)


@pytest.fixture
async def scraper() -> AsyncIterator[Scraper]:
    """A new server."""
    async with Environment() as env:
        headers = {"Authorization": f"Bearer {env.token}"}
        async with httpx.AsyncClient(
            base_url=env.url, verify=False, headers=headers, trust_env=False, timeout=10
        ) as client:
            await until_settled(client)
            yield Scraper(client)


async def until_settled(client: httpx.AsyncClient) -> None:
    """Return once the server has created its last object of the start, which no readiness check waits for."""
    async with asyncio.timeout(20):
        while True:
            if (await client.get(f"{NAMESPACES}/kube-system/configmaps/extension-apiserver-authentication")).is_success:
                return
            await asyncio.sleep(0.02)


def webhook(name: str, policy: str, resource: str) -> dict[str, object]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}
    return {
        "name": name,
        "clientConfig": {"url": CLOSED},
        "failurePolicy": policy,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [rule],
    }


@pytest.mark.parametrize(("kind", "phase"), [("Validating", "validating"), ("Mutating", "admit")])
async def test_calls_of_webhooks_are_counted(scraper: Scraper, kind: str, phase: str) -> None:
    """One that cannot be reached rejects or fails open, as its policy says; the request without an answer is the client's, too."""
    hooks = [webhook("closed.example.com", "Fail", "secrets"), webhook("open.example.com", "Ignore", "endpoints")]
    path = f"/apis/admissionregistration.k8s.io/v1/{kind.lower()}webhookconfigurations"
    await scraper.client.post(path, json={"metadata": {"name": "h"}, "webhooks": hooks})
    for plural in ("secrets", "endpoints"):
        await scraper.client.post(f"{NAMESPACES}/default/{plural}", json={"metadata": {"name": "x"}})
    called = "apiserver_admission_webhook_request_total"
    closed = {"name": "closed.example.com", "type": phase, "operation": "CREATE"}
    page = await scraper.page()
    assert page.value(called, **closed, code="503", rejected="true") == 1
    assert page.value(called, name="open.example.com", code="503", rejected="false") == 1
    rejections = "apiserver_admission_webhook_rejection_count"
    assert page.value(rejections, **closed, error_type="calling_webhook_error", rejection_code="503") == 1
    assert page.value(rejections) == 1
    assert page.value("apiserver_admission_webhook_fail_open_count", name="open.example.com", type=phase) == 1
    assert page.value("apiserver_admission_webhook_admission_duration_seconds_count", **closed) == 1
    unanswered = {"host": "127.0.0.1:1", "method": "POST", "code": "<error>"}
    assert page.value("rest_client_requests_total", **unanswered) == 2


async def test_own_requests_are_counted(scraper: Scraper) -> None:
    """The controllers create two objects in a new namespace, by requests of the server to itself; their queues were worked on."""
    host = {"host": scraper.client.base_url.netloc.decode(), "method": "POST", "code": "201"}
    page = await scraper.page()
    before = page.value("rest_client_requests_total", **host)
    await scraper.client.post(NAMESPACES, json={"metadata": {"name": "made"}})
    await scraper.until(before + 2, "rest_client_requests_total", **host)
    for queue in ("serviceaccount", "root_ca_cert_publisher"):
        page = await scraper.page()
        assert page.value("workqueue_adds_total", name=queue) >= 5
        await scraper.until(0, "workqueue_depth", name=queue)
        await scraper.until(0, "workqueue_unfinished_work_seconds", name=queue)
        page = await scraper.page()
        added = page.value("workqueue_adds_total", name=queue)
        assert page.value("workqueue_queue_duration_seconds_count", name=queue) == added
        assert page.value("workqueue_work_duration_seconds_count", name=queue) == added


async def test_watch_cache_counts_events_and_lists(scraper: Scraper) -> None:
    """Each change is an event; a list shows what it looked at and what it returned; a watch begins with the present objects."""
    kind = {"group": "", "resource": "configmaps"}
    events, lists = "apiserver_watch_cache_events_received_total", "apiserver_cache_list_total"
    page = await scraper.page()
    before = {name: page.value(name, **kind) for name in (events, lists)}
    for name in ("a", "b"):
        await scraper.client.post(MAPS, json={"metadata": {"name": name, "labels": {"n": name}}})
    await scraper.client.delete(f"{MAPS}/b")
    await scraper.client.get(f"{MAPS}?labelSelector=n%3Da")
    page = await scraper.page()
    assert page.value(events, **kind) == before[events] + 3
    assert page.value("apiserver_watch_cache_events_dispatched_total", **kind) == before[events] + 3
    assert page.value(lists, **kind) == before[lists] + 1
    fetched = page.value("apiserver_cache_list_fetched_objects_total", **kind)
    assert fetched > page.value("apiserver_cache_list_returned_objects_total", **kind) >= 1
    begun = page.value("apiserver_init_events_total", **kind)
    await scraper.client.get(f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=0")
    page = await scraper.page()
    assert page.value("apiserver_init_events_total", **kind) == begun + 2
    assert page.value("apiserver_watch_cache_initializations_total", **kind) >= 1
    assert page.value("watch_cache_capacity", **kind) == 100
    assert page.value("apiserver_watch_cache_resource_version", **kind) > 3


async def test_lists_of_etcd_are_counted(scraper: Scraper) -> None:
    """Events are not in the watch cache: their lists read etcd."""
    for _ in range(2):
        event = {"metadata": {"generateName": "e"}, "involvedObject": {"namespace": "default"}}
        await scraper.client.post(f"{NAMESPACES}/default/events", json=event)
    await scraper.client.get(f"{NAMESPACES}/default/events?limit=1")
    page = await scraper.page()
    for counted, amount in {"": 1, "_evaluated_objects": 1, "_returned_objects": 1}.items():
        assert page.value(f"apiserver_storage_list{counted}_total", resource="events") == amount


async def test_decisions_of_pod_security_are_counted(scraper: Scraper) -> None:
    """By level and mode; a version that is newer than this server is `future`."""
    labels = {"enforce": "baseline", "warn": "restricted", "warn-version": "v1.99"}
    metadata = {
        "name": "strict",
        "labels": {f"pod-security.kubernetes.io/{key}": value for key, value in labels.items()},
    }
    await scraper.client.post(NAMESPACES, json={"metadata": metadata})
    spec = {"containers": [{"name": "c", "image": "i"}], "serviceAccountName": "default"}
    for name, more in {"good": {}, "bad": {"hostNetwork": True}}.items():
        pod = {"metadata": {"name": name}, "spec": {**spec, **more}}
        await scraper.client.post(f"{NAMESPACES}/strict/pods", json=pod)
    decided = "pod_security_evaluations_total"
    enforced = {"policy_level": "baseline", "policy_version": "latest", "mode": "enforce", "resource": "pod"}
    page = await scraper.page()
    assert page.value(decided, **enforced, decision="allow", request_operation="create") == 1
    assert page.value(decided, **enforced, decision="deny") == 1
    warned = {"policy_level": "restricted", "policy_version": "future", "mode": "warn", "decision": "deny"}
    assert page.value(decided, **warned) == 1


async def test_unavailable_services_are_shown(scraper: Scraper) -> None:
    """An APIService whose Service is missing is 1, the local ones are 0; one that is deleted is shown no more."""
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": "away.example.com",
        "version": "v1",
        "service": {"namespace": "default", "name": "away"},
        "groupPriorityMinimum": 1,
        "versionPriority": 1,
        "insecureSkipTLSVerify": True,
    }
    name = "v1.away.example.com"
    await scraper.client.post(path, json={"metadata": {"name": name}, "spec": spec})
    await scraper.until(1, "aggregator_unavailable_apiservice", name=name)
    page = await scraper.page()
    assert page.value("aggregator_unavailable_apiservice") == 1
    await scraper.client.delete(f"{path}/{name}")
    await scraper.until(0, "aggregator_unavailable_apiservice")


async def test_features_and_deprecated_versions_are_shown(scraper: Scraper) -> None:
    """A feature is shown as this server has it; a deprecated version once somebody has asked for it."""
    enabled = "kubernetes_feature_enabled"
    page = await scraper.page()
    assert page.value(enabled, name="APIServerTracing", stage="") == 1
    assert page.value(enabled, name="GangScheduling", stage="ALPHA") == 0
    deprecated = {"group": "", "version": "v1", "resource": "endpoints", "removed_release": ""}
    assert page.value("apiserver_requested_deprecated_apis", **deprecated) == 0
    await scraper.client.get(f"{NAMESPACES}/default/endpoints")
    page = await scraper.page()
    assert page.value("apiserver_requested_deprecated_apis", **deprecated) == 1
