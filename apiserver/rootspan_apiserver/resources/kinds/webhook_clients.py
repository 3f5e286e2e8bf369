"""Where a webhook is: a URL or a Service, of admission webhooks and of conversion webhooks alike.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go
"""

from collections.abc import Iterator

from rootspan_apiserver.kube.go_url import URLError, parse
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, port_number
from rootspan_apiserver.kube.status import FieldError

_FORM = "; desired format: https://host[/path]"


def check_client(client: JSONObject, field: str) -> Iterator[FieldError]:
    """The rules for a client configuration that is at `field`."""
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield FieldError.required(field, "exactly one of url or service is required")
    elif url is not None:
        yield from _check_url(url, f"{field}.url")
    else:
        yield from _check_service(service or {}, f"{field}.service")


def _check_url(text: str, field: str) -> Iterator[FieldError]:
    try:
        url = parse(text)
    except URLError as exc:
        yield FieldError.required(field, f"url must be a valid URL: {exc}{_FORM}")
        return
    if url.scheme != "https":
        yield FieldError.invalid(field, url.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not url.host:
        yield FieldError.invalid(field, url.host, f"host must be specified{_FORM}")
    if url.user is not None:
        yield FieldError.invalid(field, url.user, "user information is not permitted in the URL")
    if url.fragment:
        yield FieldError.invalid(field, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield FieldError.invalid(field, url.query, "query parameters are not permitted in the URL")


def _check_service(service: JSONObject, field: str) -> Iterator[FieldError]:
    # Upstream's callers give name and namespace in the wrong order, so that each is missed under the other's name.
    for key, other in (("namespace", "name"), ("name", "namespace")):
        if not service.get(key):
            yield FieldError.required(f"{field}.{other}")
    port = service.get("port", 443)
    if reasons := port_number(port):
        yield FieldError.invalid(f"{field}.port", port, f"port is not valid: {', '.join(reasons)}")
    path = service.get("path") or "/"
    if path != "/":
        yield from (FieldError.invalid(f"{field}.path", path, reason) for reason in _path_reasons(path))


def _path_reasons(path: str) -> Iterator[str]:
    if path == "//":
        yield "segment[0] may not be empty"
        return
    if not path.startswith("/"):
        yield "must start with a '/'"
    for index, segment in enumerate(path[1:].removesuffix("/").split("/")):
        if not segment:
            yield f"segment[{index}] may not be empty"
        else:
            yield from (f"segment[{index}]: {reason}" for reason in dns_subdomain(segment))
