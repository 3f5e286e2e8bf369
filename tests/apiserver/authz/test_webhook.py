"""The mode Webhook: what the webhook is asked, what its answers mean, how long they are remembered, and what its failures do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from rootspan.testing import SpanRecorder, recording_provider
from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, AuthorizationDecision, UserRules
from rootspan_apiserver.authz.webhook import LONGEST_CACHED, WebhookAuthorizer, WebhookPolicy
from rootspan_apiserver.clients.kubeconfig_client import KubeconfigClient
from rootspan_apiserver.clients.kubeconfig_file import read_kubeconfig
from rootspan_apiserver.clients.review_client import ReviewClient
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.remote_reviews import Backoff
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics
from rootspan_apiserver.telemetry.exposition import exposition
from tests.apiserver.access_webhook import AUTHORITY, STRANGER, AccessWebhook, Answer, serving_webhook, write_kubeconfig

pytestmark = pytest.mark.anyio
BOB = User("bob", "u2", ("dev", "system:authenticated"), {"scopes": ("x",)})
ALLOWED: JSONObject = {"allowed": True, "reason": "because"}
QUICK = Backoff(first=0.001)
KEPT = WebhookPolicy(version="v1", authorized_seconds=300, unauthorized_seconds=300, backoff=QUICK)


def asking(path: str, query: str = "", user: User = BOB) -> AuthorizationAttributes:
    return AuthorizationAttributes.of_request(user, resolve("GET", path, query.encode()))


PODS = asking("/api/v1/namespaces/team/pods/p")


@asynccontextmanager
async def authorizing(
    webhook: AccessWebhook,
    folder: Path,
    policy: WebhookPolicy = KEPT,
    *,
    metrics: AuthorizationMetrics | None = None,
    seconds: float = 10.0,
    recorder: list[SpanRecorder] | None = None,
    **kubeconfig: Any,
) -> AsyncIterator[WebhookAuthorizer]:
    """Serve the webhook, and ask it at the path `/authorize`."""
    provider, recorded = recording_provider()
    if recorder is not None:
        recorder.append(recorded)
    async with serving_webhook(webhook) as address:
        access = read_kubeconfig(write_kubeconfig(folder, f"{address.url}/authorize", **kubeconfig))
        client = ReviewClient(KubeconfigClient(access, seconds=seconds, spans=(DEFAULT.http_client, provider)))
        try:
            yield WebhookAuthorizer("hook", client.ask, policy, metrics or AuthorizationMetrics())
        finally:
            await client.aclose()


async def test_webhook_is_asked_as_kube_apiserver_asks(tmp_path: Path) -> None:
    """The body, the headers and the URL of a question in v1."""
    async with authorizing(
        webhook := AccessWebhook(lambda review: ALLOWED), tmp_path, user={"token": "s3"}
    ) as authorizer:
        assert await authorizer.authorize(PODS) == AuthorizationDecision("allow", "because")
    [body] = webhook.bodies
    assert body == (
        b'{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"resourceAttributes":'
        b'{"namespace":"team","verb":"get","version":"v1","resource":"pods","name":"p"},"user":"bob","groups":["dev",'
        b'"system:authenticated"],"extra":{"scopes":["x"]},"uid":"u2"},"status":{"allowed":false}}\n'
    )
    assert webhook.urls == ["/authorize?timeout=10s"]
    sent = webhook.headers[0]
    assert sent["authorization"] == "Bearer s3"
    assert sent["accept"] == "application/json, */*"
    assert sent["content-type"] == "application/json"
    assert sent["user-agent"] == "Go-http-client/1.1"


async def test_question_in_v1beta1_calls_groups_group(tmp_path: Path) -> None:
    """A path is asked about by `nonResourceAttributes`."""
    webhook = AccessWebhook(lambda review: ALLOWED)
    async with authorizing(webhook, tmp_path, WebhookPolicy()) as authorizer:
        await authorizer.authorize(asking("/metrics", user=User("ann", groups=("ops",))))
    [review] = webhook.reviews
    assert review["apiVersion"] == "authorization.k8s.io/v1beta1"
    assert review["spec"] == {
        "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
        "user": "ann",
        "group": ["ops"],
    }


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        ({"allowed": True}, AuthorizationDecision("allow")),
        ({"allowed": False, "denied": True, "reason": "no"}, AuthorizationDecision("deny", "no")),
        ({"allowed": False, "reason": "not mine"}, AuthorizationDecision("no opinion", "not mine")),
        ({}, AuthorizationDecision("no opinion")),
        ({"allowed": False, "evaluationError": "lost"}, AuthorizationDecision("no opinion")),
        (
            {"allowed": True, "denied": True, "reason": "both"},
            AuthorizationDecision(
                "deny", "both", "webhook subject access review returned both allow and deny response"
            ),
        ),
    ],
)
async def test_status_of_review_is_the_decision(
    status: JSONObject, decision: AuthorizationDecision, tmp_path: Path
) -> None:
    """A denial is final; neither allowed nor denied leaves the decision to the next mode."""
    async with authorizing(AccessWebhook(lambda review: status), tmp_path) as authorizer:
        assert await authorizer.authorize(PODS) == decision


async def test_answers_are_remembered_by_question(tmp_path: Path) -> None:
    """What differs in a selector, a user or a group is another question."""
    webhook = AccessWebhook(lambda review: ALLOWED)
    questions = [
        PODS,
        asking("/api/v1/pods"),
        asking("/api/v1/pods", "fieldSelector=spec.nodeName%3Dn1"),
        asking("/api/v1/pods", "labelSelector=a"),
        asking("/api/v1/pods", user=User("bob", "u2", ("dev",))),
    ]
    async with authorizing(webhook, tmp_path) as authorizer:
        for _ in range(3):
            for question in questions:
                assert (await authorizer.authorize(question)).verdict == "allow"
    assert len(webhook.reviews) == len(questions)


async def test_refusals_and_permissions_are_remembered_for_times_of_their_own(tmp_path: Path) -> None:
    """0 seconds is not at all; a time that is over makes the webhook be asked again."""
    policy = WebhookPolicy(authorized_seconds=0.05, unauthorized_seconds=0)
    webhook = AccessWebhook(lambda review: {"allowed": review["spec"]["user"] == "bob"})
    async with authorizing(webhook, tmp_path, policy) as authorizer, asyncio.timeout(10):
        for _ in range(2):
            await authorizer.authorize(asking("/metrics", user=User("ann")))
        assert len(webhook.reviews) == 2
        await authorizer.authorize(PODS)
        while len(webhook.reviews) < 4:
            await authorizer.authorize(PODS)
    assert len({review["spec"]["user"] for review in webhook.reviews[2:]}) == 1


async def test_long_questions_are_not_remembered(tmp_path: Path) -> None:
    """A caller could fill the memory with them."""
    webhook = AccessWebhook(lambda review: ALLOWED)
    async with authorizing(webhook, tmp_path) as authorizer:
        for length, calls in ((LONGEST_CACHED - 4, 1), (LONGEST_CACHED - 3, 3)):
            for _ in range(2):
                await authorizer.authorize(asking("/" + "x" * (length - 1)))
            assert len(webhook.reviews) == calls


@pytest.mark.parametrize("code", [429, 500, 504])
async def test_transient_errors_are_asked_again(code: int, tmp_path: Path) -> None:
    """Up to five times; the answer is then as good as at once."""
    webhook = AccessWebhook(lambda review: Answer(b"{}", code) if len(webhook.reviews) < 3 else ALLOWED)
    async with authorizing(webhook, tmp_path) as authorizer:
        assert await authorizer.authorize(PODS) == AuthorizationDecision("allow", "because")
    assert len(webhook.reviews) == 3


@pytest.mark.parametrize(
    ("answer", "calls", "words"),
    [
        (
            Answer(b"oops", 500, "text/plain"),
            5,
            'an error on the server ("oops") has prevented the request from succeeding',
        ),
        (Answer(b"{}", 503), 1, "the server is currently unable to handle the request"),
        (Answer(b"no", 403, "text/plain"), 1, "no"),
        (Answer(b"{}", 404), 1, "the server could not find the requested resource"),
        (Answer(b""), 1, "0-length response with status code: 200 and content type: application/json"),
        (
            Answer(b"hello"),
            1,
            (
                "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { "
                'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
            ),
        ),
        (
            Answer(b'{"status":{"allowed":"yes"}}'),
            1,
            "json: cannot unmarshal string into Go struct field SubjectAccessReviewStatus.status.allowed of type bool",
        ),
        (
            Answer(b'{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v9"}'),
            1,
            (
                'no kind "SubjectAccessReview" is registered for version "authorization.k8s.io/v9" in scheme '
                '"k8s.io/client-go/kubernetes/scheme/register.go:82"'
            ),
        ),
        (
            Answer(b'{"kind":"Status","apiVersion":"v1","status":"Failure"}'),
            1,
            "converting (v1.Status) to (v1.SubjectAccessReview): unknown conversion",
        ),
    ],
)
async def test_webhook_that_fails_has_no_opinion_and_an_error(
    answer: Answer, calls: int, words: str, tmp_path: Path
) -> None:
    """The error is client-go's; it is counted, and not remembered. Under the policy Deny it is a denial."""
    metrics = AuthorizationMetrics()
    webhook = AccessWebhook(lambda review: answer)
    async with authorizing(webhook, tmp_path, metrics=metrics) as authorizer:
        for _ in range(2):
            assert await authorizer.authorize(PODS) == AuthorizationDecision("no opinion", "", words)
    assert len(webhook.reviews) == 2 * calls
    page = exposition(metrics.families()).decode()
    assert f'apiserver_authorization_webhook_evaluations_total{{name="hook",result="error"}} {2 * calls}\n' in page
    assert 'apiserver_authorization_webhook_evaluations_fail_open_total{name="hook",result="error"} 2\n' in page
    strict = WebhookPolicy(version="v1", on_error="deny", backoff=QUICK)
    async with authorizing(AccessWebhook(lambda review: answer), tmp_path, strict) as authorizer:
        assert await authorizer.authorize(PODS) == AuthorizationDecision("deny", "", words)


async def test_answer_without_kind_is_taken_for_a_review(tmp_path: Path) -> None:
    """As client-go does, which decodes into the type that it expects."""
    async with authorizing(
        AccessWebhook(lambda review: Answer(b'{"status":{"allowed":true}}')), tmp_path
    ) as authorizer:
        assert (await authorizer.authorize(PODS)).verdict == "allow"


async def test_webhook_that_hangs_is_given_up(tmp_path: Path) -> None:
    """After the time of a call, once: a time-out is not asked again."""
    metrics = AuthorizationMetrics()
    webhook = AccessWebhook(lambda review: Answer(None))
    async with authorizing(webhook, tmp_path, metrics=metrics, seconds=0.2) as authorizer:
        decision = await authorizer.authorize(PODS)
    assert decision.error.endswith(
        '/authorize?timeout=200ms": net/http: request canceled (Client.Timeout exceeded while awaiting headers)'
    )
    assert len(webhook.reviews) <= 1, "the time may be over before the connection is there"
    page = exposition(metrics.families()).decode()
    assert 'apiserver_authorization_webhook_evaluations_total{name="hook",result="timeout"} 1\n' in page


async def test_webhook_of_unknown_authority_is_not_believed(tmp_path: Path) -> None:
    """Its certificate must be signed by the authority in the kubeconfig."""
    async with authorizing(AccessWebhook(lambda review: ALLOWED), tmp_path, authority=STRANGER) as authorizer:
        decision = await authorizer.authorize(PODS)
    assert decision.verdict == "no opinion"
    assert decision.error.endswith("tls: failed to verify certificate: x509: certificate signed by unknown authority")


def certificate(folder: Path) -> JSONObject:
    made = AUTHORITY.issue_cert("client.invalid", common_name="server")
    (folder / "client.pem").write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    (folder / "client.key").write_bytes(made.private_key_pem.bytes())
    return {"client-certificate": "client.pem", "client-key": "client.key"}


def token_file(folder: Path) -> JSONObject:
    (folder / "token").write_text("from-file\n")
    return {"tokenFile": "token"}


@pytest.mark.parametrize(
    ("user", "authorization", "presents"),
    [
        (lambda folder: {}, None, False),
        (lambda folder: {"username": "a", "password": "b"}, "Basic YTpi", False),
        (token_file, "Bearer from-file", False),
        (certificate, None, True),
    ],
)
async def test_credentials_of_kubeconfig_are_presented(
    user: Callable[[Path], JSONObject], authorization: str | None, presents: bool, tmp_path: Path
) -> None:
    """A token, a password, a token in a file, a client certificate; paths are relative to the kubeconfig."""
    webhook = AccessWebhook(lambda review: ALLOWED)
    async with authorizing(webhook, tmp_path, user=user(tmp_path)) as authorizer:
        assert (await authorizer.authorize(PODS)).verdict == "allow"
    assert webhook.headers[0].get("authorization") == authorization
    assert ("BEGIN CERTIFICATE" in webhook.peers[0]) is presents


async def test_call_has_client_span_whose_context_is_sent(tmp_path: Path) -> None:
    """One span for each call; an answer that is remembered has none."""
    recorders: list[SpanRecorder] = []
    webhook = AccessWebhook(lambda review: ALLOWED)
    async with authorizing(webhook, tmp_path, recorder=recorders) as authorizer:
        for _ in range(2):
            await authorizer.authorize(PODS)
    [span] = recorders[0].spans
    assert (span.kind, span.name) == ("CLIENT", "HTTP POST")
    assert webhook.headers[0]["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"


async def test_rules_of_webhook_are_unknown(tmp_path: Path) -> None:
    """A review of rules says that they are incomplete, and why."""
    async with authorizing(AccessWebhook(lambda review: ALLOWED), tmp_path) as authorizer:
        rules = await authorizer.rules_for(BOB, "team")
    assert rules == UserRules(incomplete=True, errors=("webhook authorizer does not support user rule resolution",))


async def test_answer_that_is_yaml_is_read(tmp_path: Path) -> None:
    """Also by kube-apiserver's decoder, if it does not begin with a brace."""
    yaml = orjson.dumps({"allowed": True}).decode()
    async with authorizing(AccessWebhook(lambda review: Answer(f"status: {yaml}".encode())), tmp_path) as authorizer:
        assert (await authorizer.authorize(PODS)).verdict == "allow"
