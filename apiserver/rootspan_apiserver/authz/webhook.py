"""The mode Webhook: a server that is asked by SubjectAccessReviews, and whose answers are remembered.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/authorizer/webhook/webhook.go
"""

import asyncio
import logging
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, Protocol

import orjson

from rootspan_apiserver.authz.authorizer import NO_OPINION, AuthorizationAttributes, AuthorizationDecision, UserRules
from rootspan_apiserver.authz.subject_access_review import review_spec
from rootspan_apiserver.kube.expiring_cache import ExpiringCache
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.remote_reviews import AskForReview, Backoff, ReviewError, with_retries
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics

logger = logging.getLogger(__name__)
CACHE_SIZE = 8192
LONGEST_CACHED = 10_000
"""The sum of the lengths of what a caller chooses in a request, from which on the answer is not remembered."""
_BOTH = "webhook subject access review returned both allow and deny response"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """How a webhook is asked, and what its answers are worth.

    Attributes:
        version: The version of the reviews: v1 or v1beta1.
        authorized_seconds, unauthorized_seconds: How long answers are remembered; 0 for not at all.
        on_error: The decision where there is no answer.
    """

    version: Literal["v1", "v1beta1"] = "v1beta1"
    authorized_seconds: float = 300.0
    unauthorized_seconds: float = 30.0
    on_error: Literal["deny", "no opinion"] = "no opinion"
    backoff: Backoff = Backoff()  # noqa: RUF009 - frozen


class MatchConditionsError(Exception):
    """It is not known whether a webhook is to be asked."""


class Conditions(Protocol):
    """The match conditions of a webhook."""

    async def match(self, spec: JSONObject) -> bool:
        """Return whether it is asked about the spec of a review. Raises MatchConditionsError."""
        ...


class WebhookAuthorizer:
    """Decides as a webhook says.

    Args:
        name: Identifies it in the metrics.
        ask: Sends a review to it.
        conditions: Says which requests it is asked about; None for all.
    """

    def __init__(
        self,
        name: str,
        ask: AskForReview,
        policy: WebhookPolicy,
        metrics: AuthorizationMetrics,
        conditions: Conditions | None = None,
    ) -> None:
        self._name = name
        self._ask = ask
        self._policy = policy
        self._metrics = metrics
        self._conditions = conditions
        self._answers: ExpiringCache[bytes, JSONObject] = ExpiringCache(CACHE_SIZE)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return what the webhook answers, or answered a while ago."""
        spec = review_spec(attributes)
        if self._conditions is not None:
            try:
                if not await self._conditions.match(spec):
                    return NO_OPINION
            except MatchConditionsError as exc:
                return AuthorizationDecision(self._policy.on_error, "", str(exc))
        key = orjson.dumps(spec)
        status = self._answers.get(key)
        if status is None:
            try:
                status = await with_retries(lambda: self._call(attributes, spec), self._policy.backoff)
            except ReviewError as exc:
                logger.error("Failed to make webhook authorizer request: %s", exc)
                if self._policy.on_error == "no opinion":
                    self._metrics.failed_open(self._name, _result(exc))
                return AuthorizationDecision(self._policy.on_error, "", str(exc))
            self._remember(key, attributes, status)
        return _decision(status)

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return no rules: a webhook does not list them."""
        return UserRules(incomplete=True, errors=("webhook authorizer does not support user rule resolution",))

    async def _call(self, attributes: AuthorizationAttributes, spec: JSONObject) -> JSONObject:
        version = self._policy.version
        review: JSONObject = {
            "kind": "SubjectAccessReview",
            "apiVersion": f"authorization.k8s.io/{version}",
            "metadata": {},
            "spec": spec if version == "v1" else review_spec(attributes, "group"),
            "status": {"allowed": False},
        }
        started, result = perf_counter(), "success"
        try:
            return await self._ask(review)
        except ReviewError as exc:
            result = _result(exc)
            raise
        except asyncio.CancelledError:
            result = "canceled"
            raise
        finally:
            self._metrics.called(self._name, result, perf_counter() - started)

    def _remember(self, key: bytes, attributes: AuthorizationAttributes, status: JSONObject) -> None:
        policy = self._policy
        seconds = policy.authorized_seconds if status.get("allowed") else policy.unauthorized_seconds
        if seconds > 0 and _chosen_length(attributes) < LONGEST_CACHED:
            self._answers.set(key, status, seconds)


def _chosen_length(attributes: AuthorizationAttributes) -> int:
    names = ("namespace", "verb", "group", "version", "resource", "subresource", "name", "path")
    return sum(len(getattr(attributes, name).encode()) for name in names)


def _result(error: ReviewError) -> str:
    return "timeout" if error.timed_out else "error"


def _decision(status: JSONObject) -> AuthorizationDecision:
    reason = status.get("reason") or ""
    if status.get("denied"):
        return AuthorizationDecision("deny", reason, _BOTH if status.get("allowed") else "")
    return AuthorizationDecision("allow" if status.get("allowed") else "no opinion", reason)
