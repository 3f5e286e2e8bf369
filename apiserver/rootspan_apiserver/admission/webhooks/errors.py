"""What goes wrong between the server and a webhook.

WebhookError
├─ CallFailedError   the webhook did not do its job; failurePolicy decides
└─ RejectedError     the webhook did its job and says no
"""

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import StatusError


class WebhookError(Exception):
    pass


class CallFailedError(WebhookError):
    def __init__(self, webhook: str, reason: str) -> None:
        super().__init__(f"failed calling webhook {quote(webhook)}: {reason}")


class RejectedError(WebhookError):
    def __init__(self, status: StatusError) -> None:
        super().__init__(status.message)
        self.status = status
