"""A server whose callers and their rights are known to a webhook: its answers, its errors, its spans."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.options.options import Options, OptionsError
from tests.apiserver.access_webhook import AccessWebhook, Answer, serving_webhook, write_kubeconfig

pytestmark = pytest.mark.anyio
MAPS = "/api/v1/namespaces/default/configmaps"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def decide(review: JSONObject) -> JSONObject | Answer:
    """Everybody is who his token says; bob may list, is denied to get `denied`, and of `broken` nothing is known."""
    if review["kind"] == "TokenReview":
        return {"authenticated": True, "user": {"username": review["spec"]["token"]}}
    attributes = review["spec"].get("resourceAttributes") or {}
    if attributes.get("name") == "broken":
        return Answer(b"{}", 503)
    if attributes.get("name") == "denied":
        return {"denied": True, "reason": "not this one"}
    return {
        "allowed": attributes.get("verb") == "list",
        "reason": "" if attributes.get("verb") == "list" else "only lists",
    }


@asynccontextmanager
async def serve(
    webhook: AccessWebhook, folder: Path, *flags: str
) -> AsyncIterator[tuple[Environment, httpx.AsyncClient]]:
    async with serving_webhook(webhook) as address:
        kubeconfig = write_kubeconfig(folder, address.url)
        webhooks = (
            f"--authorization-webhook-config-file={kubeconfig}",
            f"--authentication-token-webhook-config-file={kubeconfig}",
        )
        async with Environment(*webhooks, *flags) as env:
            tls = ssl.create_default_context(cadata=env.ca_bundle.decode())
            headers = {"authorization": "Bearer bob"}
            async with httpx.AsyncClient(base_url=env.url, verify=tls, headers=headers, trust_env=False) as client:
                yield env, client


async def test_requests_are_decided_by_webhook(tmp_path: Path) -> None:
    """What it allows is served, what it refuses is 403 with its reason, and where it fails the answer is 500."""
    webhook = AccessWebhook(decide)
    async with serve(webhook, tmp_path, "--authorization-mode=Webhook") as (_, client):
        assert (await client.get(MAPS)).status_code == 200
        denied = await client.get(f"{MAPS}/denied")
        assert (denied.status_code, denied.json()["message"]) == (
            403,
            (
                'configmaps "denied" is forbidden: User "bob" cannot get resource "configmaps" in API group "" in the namespace '
                '"default": not this one'
            ),
        )
        broken = await client.get(f"{MAPS}/broken?pretty=1")
        assert (broken.status_code, broken.headers["content-type"]) == (500, "text/plain; charset=utf-8")
        assert broken.text == (
            f'Internal Server Error: "{MAPS}/broken?pretty=1": the server is currently unable to handle the request\n'
        )
        metrics = await client.get("/metrics")
        assert metrics.json()["message"] == 'forbidden: User "bob" cannot get path "/metrics": only lists'


async def test_modes_are_asked_in_order(tmp_path: Path) -> None:
    """A denial is final; where the webhook has no opinion, or fails, the next mode decides."""
    webhook = AccessWebhook(decide)
    async with serve(webhook, tmp_path, "--authorization-mode=Webhook,AlwaysAllow") as (env, client):
        assert (await client.get(f"{MAPS}/denied")).status_code == 403
        assert (await client.get(f"{MAPS}/other")).status_code == 404
        assert (await client.get(f"{MAPS}/broken")).status_code == 404
        page = (await client.get("/metrics")).text
        assert 'apiserver_authorization_decisions_total{decision="denied",name="default",type="Webhook"} 1\n' in page
        assert (
            'apiserver_authorization_decisions_total{decision="allowed",name="alwaysallow",type="AlwaysAllow"}' in page
        )
        asked = len(webhook.reviews)
        await client.get(MAPS, headers={"authorization": f"Bearer {env.token}"})
        assert len(webhook.reviews) == asked, "the administrator is known, and allowed everything, without the webhook"
    webhook = AccessWebhook(decide)
    async with serve(webhook, tmp_path, "--authorization-mode=AlwaysAllow,Webhook") as (_, client):
        assert (await client.get(f"{MAPS}/denied")).status_code == 404
        assert [review["kind"] for review in webhook.reviews] == ["TokenReview"]


async def test_reviews_show_errors_of_webhook(tmp_path: Path) -> None:
    """A review of access has the error as its evaluationError, a review of rules says why they are incomplete."""

    def allowing_reviews(review: JSONObject) -> JSONObject | Answer:
        attributes = review["spec"].get("resourceAttributes") or {}
        return {"allowed": True} if attributes.get("group") == "authorization.k8s.io" else decide(review)

    async with serve(AccessWebhook(allowing_reviews), tmp_path, "--authorization-mode=Webhook") as (_, client):
        access = await client.post(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json={"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "name": "broken"}}},
        )
        assert access.json()["status"] == {
            "allowed": False,
            "evaluationError": "the server is currently unable to handle the request",
        }
        rules = await client.post(
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json={"spec": {"namespace": "default"}}
        )
        assert rules.json()["status"] == {
            "resourceRules": [],
            "nonResourceRules": [],
            "incomplete": True,
            "evaluationError": "webhook authorizer does not support user rule resolution",
        }


async def test_calls_of_webhooks_are_client_spans_of_the_request(tmp_path: Path) -> None:
    """Each is below the span of its filter and sends the context of its own span, never that of the caller."""
    webhook = AccessWebhook(decide)
    async with serve(webhook, tmp_path, "--authorization-mode=Webhook") as (env, client):
        env.clear_spans()
        caller = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "tracestate": "a=b", "baggage": "c=d"}
        assert (await client.get(MAPS, headers=caller)).status_code == 200
        spans = {span.span_id: span for span in env.wait_for_spans(11)}
    calls = sorted((span for span in spans.values() if span.name == "HTTP POST"), key=lambda span: span.start)
    assert [spans[span.parent_id or ""].name for span in calls] == ["authentication", "authorization"]
    assert {span.kind for span in calls} == {"CLIENT"}
    assert [headers["traceparent"] for headers in webhook.headers] == [
        f"00-{span.trace_id}-{span.span_id}-01" for span in calls
    ]
    assert not [headers for headers in webhook.headers if TRACE in headers["traceparent"] or "a=b" in str(headers)]


@pytest.mark.parametrize(
    ("flags", "faults"),
    [
        ("--authorization-mode=Webhook", ["authorization-mode Webhook's authorization config file not passed"]),
        (
            "--authorization-webhook-config-file={file}",
            ["cannot specify --authorization-webhook-config-file without mode Webhook"],
        ),
        ("--authorization-mode=", ["at least one authorization-mode must be passed"]),
        (
            "--authorization-mode=AlwaysAllow,Nope,AlwaysAllow",
            [
                'authorization-mode "Nope" is not a valid mode',
                'authorization-mode ["AlwaysAllow" "Nope" "AlwaysAllow"] has mode specified more than once',
            ],
        ),
        (
            "--authorization-mode=Webhook --authorization-webhook-config-file={file} --authorization-webhook-version=v2",
            ['unsupported webhook authorizer version "v2", supported versions are "v1", "v1beta1"'],
        ),
        (
            "--authentication-token-webhook-config-file={file} --authentication-token-webhook-version=v2",
            ['unsupported authentication webhook version "v2", supported versions are "v1", "v1beta1"'],
        ),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(flags: str, faults: list[str], tmp_path: Path) -> None:
    """In the words of kube-apiserver."""
    kubeconfig = write_kubeconfig(tmp_path, "https://127.0.0.1:1")
    with pytest.raises(OptionsError) as refused:
        Options.parse(flags.format(file=kubeconfig).split())
    assert list(refused.value.faults) == faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, "stat {path}: no such file or directory"),
        ("{", "error loading config file"),
        ("{}", "invalid configuration: no configuration has been provided"),
    ],
)
async def test_server_without_a_usable_kubeconfig_does_not_start(
    change: str | None, words: str, tmp_path: Path
) -> None:
    """It says what is wrong with the file."""
    path = tmp_path / "webhook.kubeconfig"
    if change is not None:
        path.write_text(change)
    env = Environment("--authorization-mode=Webhook", f"--authorization-webhook-config-file={path}")
    with pytest.raises(ValueError, match=words.format(path=path)):
        await env.__aenter__()
