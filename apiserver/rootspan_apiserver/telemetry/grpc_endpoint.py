"""Validation of the collector's endpoint.

An endpoint is a gRPC target, but it is validated as a URL: `dns://` is put before an endpoint without `//`, Go's `url.Parse` must accept
the result, and its scheme must be `dns`, `unix` or `unix-abstract`.

Upstream: staging/src/k8s.io/component-base/tracing/api/v1/config.go
"""

from rootspan_apiserver.kube import go_url
from rootspan_apiserver.kube.go_quote import quote

_SCHEMES = ("dns", "unix", "unix-abstract")


def endpoint_error(endpoint: str) -> str | None:
    """Return the field error for an endpoint, None if it is valid."""
    url = endpoint if "//" in endpoint else f"dns://{endpoint}"
    try:
        scheme = go_url.parse(url).scheme
    except go_url.URLError as error:
        return f"endpoint: Invalid value: {quote(url)}: {error}"
    if scheme in _SCHEMES:
        return None
    return (
        f"endpoint: Invalid value: {quote(url)}: unsupported scheme: {scheme}.  "
        "Options are none, dns, unix, or unix-abstract.  See https://github.com/grpc/grpc/blob/master/doc/naming.md"
    )
