"""The error message of client-go for an HTTP response that is not a success.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go (NewGenericServerResponse)
"""

import orjson

from rootspan_apiserver.kube.go_quote import quote

_TEXT_LIMIT = 2048
_MESSAGES = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    406: "the server was unable to respond with a content type that the client supports",
    409: "the server reported a conflict",
    415: "the server was unable to process the request body because of its content type",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}


def server_error(code: int, content_type: str, body: bytes) -> str:
    """Return the message; if the body is a `Status` object, its message."""
    try:
        status = orjson.loads(body)
    except orjson.JSONDecodeError:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return str(status.get("message", ""))
    text = body[:_TEXT_LIMIT].decode("utf-8", "replace").strip() if content_type.startswith("text/") else "unknown"
    if code == 403:
        return text
    if code in _MESSAGES:
        return _MESSAGES[code]
    if code >= 500:
        return f"an error on the server ({quote(text)}) has prevented the request from succeeding"
    return f"the server responded with the status code {code} but did not return more information"
