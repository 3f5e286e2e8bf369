"""Where a webhook is: a URL or a service, for admission webhooks and conversion webhooks alike.

Upstream: staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.go_url import URLError, parse
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

_FORM = "; desired format: https://host[/path]"


@function("ValidateWebhookService")
def webhook_client(client: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It has a valid URL or a valid service, and not both."""
    yield from check_client(client, path)


def check_client(client: JSONObject, path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the configuration of a client."""
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield FieldError.required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from _check_url(url, path / "url")
    else:
        yield from _check_service(service or {}, path / "service")


def _check_url(text: str, path: Path) -> Iterator[FieldError]:
    try:
        url = parse(text)
    except URLError as exc:
        yield FieldError.required(path, f"url must be a valid URL: {exc}{_FORM}")
        return
    if url.scheme != "https":
        yield FieldError.invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not url.host:
        yield FieldError.invalid(path, url.host, f"host must be specified{_FORM}")
    if url.user is not None:
        yield FieldError.invalid(path, url.user, "user information is not permitted in the URL")
    if url.fragment:
        yield FieldError.invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield FieldError.invalid(path, url.query, "query parameters are not permitted in the URL")


def _check_service(service: JSONObject, path: Path) -> Iterator[FieldError]:
    # Upstream's callers give name and namespace in the wrong order, so that each is missed under the other's name.
    for key, other in (("namespace", "name"), ("name", "namespace")):
        if not service.get(key):
            yield FieldError.required(path / other)
    port = service.get("port", 443)
    if reasons := port_number(port):
        yield FieldError.invalid(path / "port", port, f"port is not valid: {', '.join(reasons)}")
    where = service.get("path") or "/"
    if where != "/":
        yield from (FieldError.invalid(path / "path", where, reason) for reason in _path_reasons(where))


def _path_reasons(path: str) -> Iterator[str]:
    if path == "//":
        yield "segment[0] may not be empty"
        return
    if not path.startswith("/"):
        yield "must start with a '/'"
    rest = path.encode()[1:].decode(errors="replace")  # Go slices bytes.
    for index, segment in enumerate(rest.removesuffix("/").split("/")):
        if not segment:
            yield f"segment[{index}] may not be empty"
        else:
            yield from (f"segment[{index}]: {reason}" for reason in dns_subdomain(segment))
