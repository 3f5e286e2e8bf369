"""Tokens that a webhook knows: what it is asked, whom it names for which audiences, and how long its answers are remembered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, InvalidCredentialsError
from rootspan_apiserver.authn.token_cache import CachedTokenAuthenticator
from rootspan_apiserver.authn.webhook import WebhookTokens
from rootspan_apiserver.clients.kubeconfig_client import KubeconfigClient
from rootspan_apiserver.clients.kubeconfig_file import read_kubeconfig
from rootspan_apiserver.clients.review_client import ReviewClient
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.remote_reviews import Backoff
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.exposition import exposition
from rootspan_apiserver.telemetry.token_cache_metrics import TokenCacheMetrics
from tests.apiserver.access_webhook import AccessWebhook, Answer, serving_webhook, write_kubeconfig

pytestmark = pytest.mark.anyio
ANN: JSONObject = {
    "authenticated": True,
    "user": {"username": "ann", "uid": "7", "groups": ["dev"], "extra": {"Scopes": ["a", "b"]}},
}
KNOWN = User("ann", "7", ("dev", "system:authenticated"), {"Scopes": ("a", "b")})


@asynccontextmanager
async def knowing(
    webhook: AccessWebhook,
    folder: Path,
    *,
    ttl: float = 300,
    seconds: float = 30,
    metrics: TokenCacheMetrics | None = None,
) -> AsyncIterator[CachedTokenAuthenticator]:
    """Serve the webhook, and ask it for the audience `api`."""
    provider, _ = recording_provider()
    async with serving_webhook(webhook) as address:
        access = read_kubeconfig(write_kubeconfig(folder, address.url))
        client = ReviewClient(KubeconfigClient(access, seconds=seconds, spans=(DEFAULT.http_client, provider)))
        tokens = WebhookTokens(client.ask, ["api"], "v1", Backoff(first=0.001))
        cached = CachedTokenAuthenticator(tokens, ttl, metrics or TokenCacheMetrics())
        try:
            yield cached
        finally:
            await cached.aclose()
            await client.aclose()


async def test_token_is_reviewed_as_kube_apiserver_does(tmp_path: Path) -> None:
    """The body of a question in v1, and the user of the answer, who is authenticated."""
    async with knowing(webhook := AccessWebhook(lambda review: ANN), tmp_path) as tokens:
        assert await tokens.authenticate(Credentials("secret")) == Authenticated(KNOWN, ("api",))
        assert await tokens.authenticate(Credentials()) is None, "without a token nobody is asked"
    [body] = webhook.bodies
    assert body == (
        b'{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"token":"secret","audiences":["api"]},'
        b'"status":{"user":{}}}\n'
    )
    assert webhook.urls == ["/?timeout=30s"]


@pytest.mark.parametrize(
    ("wanted", "answered", "audiences"),
    [
        ((), [], ("api",)),
        ((), ["api", "x"], ("api",)),
        ((), ["x"], None),
        (("x", "y"), ["y", "x"], ("x", "y")),
        (("x", "api"), [], ("api",)),
        (("x",), [], None),
    ],
)
async def test_token_is_valid_for_audiences_of_answer(
    wanted: tuple[str, ...], answered: list[str], audiences: tuple[str, ...] | None, tmp_path: Path
) -> None:
    """An answer without audiences is for those of the server; the token has to be for one that is wanted."""
    webhook = AccessWebhook(lambda review: {**ANN, "audiences": answered})
    async with knowing(webhook, tmp_path) as tokens:
        found = await tokens.authenticate(Credentials("secret", audiences=wanted))
    assert webhook.reviews[0]["spec"]["audiences"] == list(wanted or ["api"])
    assert found == (Authenticated(KNOWN, audiences) if audiences else None)


async def test_known_and_unknown_tokens_are_remembered(tmp_path: Path) -> None:
    """By token and audiences, and for as long as the flag says; both kinds of answers alike."""
    metrics = TokenCacheMetrics()
    webhook = AccessWebhook(lambda review: ANN if review["spec"]["token"] == "good" else {"authenticated": False})
    async with knowing(webhook, tmp_path, metrics=metrics) as tokens:
        for _ in range(3):
            assert await tokens.authenticate(Credentials("good"))
            assert await tokens.authenticate(Credentials("bad")) is None
            assert await tokens.authenticate(Credentials("good", audiences=("api",)))
    assert [review["spec"]["token"] for review in webhook.reviews] == ["good", "bad", "good"]
    page = exposition(metrics.families()).decode()
    for line in ('request_total{status="hit"} 6', 'request_total{status="miss"} 3', 'fetch_total{status="ok"} 3'):
        assert f"authentication_token_cache_{line}\n" in page


async def test_answers_expire(tmp_path: Path) -> None:
    """After the time to live the webhook is asked again; a time of 0 remembers nothing."""
    async with knowing(webhook := AccessWebhook(lambda review: ANN), tmp_path, ttl=0.05) as tokens, asyncio.timeout(10):
        while len(webhook.reviews) < 3:
            assert await tokens.authenticate(Credentials("good"))
    async with knowing(webhook := AccessWebhook(lambda review: ANN), tmp_path, ttl=0) as tokens:
        for _ in range(2):
            assert await tokens.authenticate(Credentials("good"))
    assert len(webhook.reviews) == 2


async def test_requests_at_the_same_time_share_a_question(tmp_path: Path) -> None:
    """One that is given up does not end it for the others."""
    async with knowing(webhook := AccessWebhook(lambda review: ANN), tmp_path) as tokens:
        waiting = [asyncio.create_task(tokens.authenticate(Credentials("good"))) for _ in range(5)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [Authenticated(KNOWN, ("api",))] * 4
    assert len(webhook.reviews) == 1


@pytest.mark.parametrize(
    ("answer", "words", "calls"),
    [
        ({"authenticated": False, "error": "expired"}, "expired", 1),
        (Answer(b"oops", 500), 'an error on the server ("unknown") has prevented the request from succeeding', 5),
        (Answer(b"", 401), "the server has asked for the client to provide credentials", 1),
    ],
)
async def test_errors_reject_the_token_and_are_not_remembered(
    answer: JSONObject | Answer, words: str, calls: int, tmp_path: Path
) -> None:
    """The token is not valid now, and may be so the next time."""
    async with knowing(webhook := AccessWebhook(lambda review: answer), tmp_path) as tokens:
        for _ in range(2):
            with pytest.raises(InvalidCredentialsError) as refused:
                await tokens.authenticate(Credentials("secret"))
            assert str(refused.value).endswith(words)
    assert len(webhook.reviews) == 2 * calls


async def test_time_outs_reject_the_token_and_are_not_remembered(tmp_path: Path) -> None:
    """A webhook that hangs is given up after the time of a call, once, and asked again for the next request."""
    metrics = TokenCacheMetrics()
    webhook = AccessWebhook(lambda review: Answer(None))
    async with knowing(webhook, tmp_path, seconds=0.5, metrics=metrics) as tokens:
        for _ in range(2):
            with pytest.raises(InvalidCredentialsError) as refused:
                await tokens.authenticate(Credentials("secret"))
            assert str(refused.value).endswith("(Client.Timeout exceeded while awaiting headers)")
    assert len(webhook.reviews) <= 2, "the time may be over before the connection is there"
    assert 'authentication_token_cache_fetch_total{status="error"} 2\n' in exposition(metrics.families()).decode()
