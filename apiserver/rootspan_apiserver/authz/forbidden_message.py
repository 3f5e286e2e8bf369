"""The message of a 403: who may not do what, and where.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go
"""

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.kube.go_quote import quote


def forbidden_message(attributes: AuthorizationAttributes, reason: str) -> str:
    """Return the sentence that follows `is forbidden: `. `reason` is the authorizer's; it may be empty."""
    return sanitized(_message(attributes)) + (f": {reason}" if reason else "")


def sanitized(text: str) -> str:
    """Return a text of which no browser makes HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _message(attributes: AuthorizationAttributes) -> str:
    name = quote(attributes.user.name)
    if not attributes.is_resource:
        return f"User {name} cannot {attributes.verb} path {quote(attributes.path)}"
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f"in the namespace {quote(attributes.namespace)}" if attributes.namespace else "at the cluster scope"
    return f"User {name} cannot {attributes.verb} resource {quote(resource)} in API group {quote(attributes.group)} {where}"
