"""What the spans of calls over HTTP have in common in all versions: a call that fails is described in Go's words."""

import httpx


class CallError(httpx.TransportError):
    """A call that got no answer: the message is that of Go's net/http, `go_type` the Go type of the error."""

    def __init__(self, message: str, go_type: str = "*errors.errorString") -> None:
        super().__init__(message)
        self.go_type = go_type


def in_go(error: BaseException) -> BaseException:
    """Return the error of a call as Go has it: `context.Canceled` for a call that was cancelled, else `error` itself."""
    return error if isinstance(error, Exception) else CallError("context canceled")


def recorded_url(request: httpx.Request) -> str:
    """Return the URL as it was written. httpx drops a default port, so callers give the text in the extension `url`."""
    return request.extensions.get("url") or str(request.url)
