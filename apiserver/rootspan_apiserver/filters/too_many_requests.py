"""The answer to a request that is refused because there are too many.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go (tooManyRequests)
"""

from rootspan_apiserver.http.responses import Response, plain_text


def too_many_requests(retry_after: int) -> Response:
    """Return 429; the client may come back in `retry_after` seconds."""
    headers = [(b"retry-after", str(retry_after).encode())]
    return plain_text("Too many requests, please try again later.\n", 429, headers)
