"""Tokens that a webhook knows: it is asked by TokenReviews, for the audiences of the request.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/webhook/webhook.go
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    common_audiences,
    with_authenticated_group,
)
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.remote_reviews import AskForReview, Backoff, ReviewError, with_retries
from rootspan_apiserver.kube.users import User

logger = logging.getLogger(__name__)


class WebhookTokens:
    """Asks a webhook about tokens.

    Args:
        ask: Sends a review to it.
        audiences: Those of the API server, which a token has that the webhook names no audiences for.
        version: The version of the reviews.
    """

    def __init__(
        self,
        ask: AskForReview,
        audiences: Sequence[str],
        version: Literal["v1", "v1beta1"] = "v1beta1",
        backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    ) -> None:
        self._ask = ask
        self._audiences = tuple(audiences)
        self._version = version
        self._backoff = backoff

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of a token, None if the webhook does not know it or knows it for other audiences.

        Raises:
            InvalidCredentialsError: the webhook rejects the token with an error, or does not answer.
        """
        if not credentials.token:
            return None
        wanted = credentials.audiences or self._audiences
        review: JSONObject = {
            "kind": "TokenReview",
            "apiVersion": f"authentication.k8s.io/{self._version}",
            "metadata": {},
            "spec": {"token": credentials.token, **({"audiences": list(wanted)} if wanted else {})},
            "status": {"user": {}},
        }
        try:
            status = await with_retries(lambda: self._ask(review), self._backoff)
        except ReviewError as exc:
            logger.error("Failed to make webhook authenticator request: %s", exc)
            raise InvalidCredentialsError(str(exc)) from exc
        audiences = common_audiences(status.get("audiences") or self._audiences, wanted)
        if wanted and not audiences:
            return None
        if not status.get("authenticated"):
            if error := status.get("error"):
                raise InvalidCredentialsError(error)
            return None
        return Authenticated(with_authenticated_group(_user(status.get("user") or {})), audiences)


def _user(info: Mapping[str, Any]) -> User:
    extra = {key: tuple(values or ()) for key, values in (info.get("extra") or {}).items()}
    return User(info.get("username") or "", info.get("uid") or "", tuple(info.get("groups") or ()), extra)
