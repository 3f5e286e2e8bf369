"""Which collector endpoints kube-apiserver accepts, and what it says of the others.

An endpoint is a gRPC target, but it is checked as a URL: one without `//` gets `dns://` in front, `url.Parse` must take
it, and its scheme must be one that gRPC resolves without more ado.

Upstream: staging/src/k8s.io/component-base/tracing/api/v1/config.go.
"""

from rootspan_apiserver.kube import go_url
from rootspan_apiserver.kube.go_quote import quote

_SCHEMES = ("dns", "unix", "unix-abstract")


def endpoint_fault(endpoint: str) -> str | None:
    """Return the field error kube-apiserver reports for `endpoint`, or None if it accepts it."""
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
