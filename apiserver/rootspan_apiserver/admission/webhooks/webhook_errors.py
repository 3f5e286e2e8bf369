"""Errors of webhook calls.

WebhookError
├─ CallFailedError   there is no valid response; the failurePolicy decides
└─ RejectedError     the webhook rejects the request

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/error.go, pkg/admission/plugin/webhook/errors/statuserror.go
"""

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import StatusError


class WebhookError(Exception):
    """A webhook call that does not allow the request."""


class CallFailedError(WebhookError):
    """The webhook could not be called or its response is not valid; `code` is the status that stands for it."""

    def __init__(self, webhook: str, reason: str, code: int = 503) -> None:
        super().__init__(f"failed calling webhook {quote(webhook)}: {reason}")
        self.code = code


class RejectedError(WebhookError):
    """The webhook rejects the request with `status`."""

    def __init__(self, status: StatusError) -> None:
        super().__init__(status.message)
        self.status = status
