"""What the configuration says of one authorizer, whether it comes from flags or from a file.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/types.go (AuthorizerConfiguration)
"""

from dataclasses import dataclass
from typing import Literal

Version = Literal["v1", "v1beta1"]
FailurePolicy = Literal["NoOpinion", "Deny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfiguration:
    """How a webhook is asked.

    Attributes:
        kubeconfig: The file that says where it is.
        version: The version of the SubjectAccessReviews that are sent.
        authorized_seconds, unauthorized_seconds: How long answers are remembered; 0 for not at all.
        timeout: The seconds in which an answer must be complete.
        failure_policy: What the decision is where there is no answer.
        match_conditions: CEL expressions that must all be true for the webhook to be asked.
    """

    kubeconfig: str
    version: Version = "v1beta1"
    authorized_seconds: float = 300.0
    unauthorized_seconds: float = 30.0
    timeout: float = 30.0
    failure_policy: FailurePolicy = "NoOpinion"
    match_conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerConfiguration:
    """An authorizer: its mode, its name in the metrics, and the webhook of the mode Webhook."""

    type: str
    name: str
    webhook: WebhookConfiguration | None = None

    @classmethod
    def of_mode(cls, mode: str) -> "AuthorizerConfiguration":
        """Return the configuration of a mode that needs no more than its name."""
        return cls(type=mode, name=mode.lower())
