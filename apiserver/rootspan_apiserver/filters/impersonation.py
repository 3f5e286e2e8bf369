"""Acting as somebody else: `Impersonate-*` headers, allowed to whom the authorizer grants the verb `impersonate`.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/constrained_impersonation.go, mode.go
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.authorization import forbidden_error
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import FILTER, error_response
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, User

_EXTRA = b"impersonate-extra-"
_SERVICE_ACCOUNT = "system:serviceaccount:"
_BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


def requested(headers: Iterable[tuple[bytes, bytes]]) -> User | None:
    """Return the user the headers name, nothing added; None if they name none.

    Raises:
        StatusError: 400, they name parts of a user without its name.
    """
    names: list[bytes] = []
    uids: list[bytes] = []
    groups: list[bytes] = []
    extra: dict[bytes, list[bytes]] = {}
    for header, value in headers:
        if header == b"impersonate-user":
            names.append(value)
        elif header == b"impersonate-uid":
            uids.append(value)
        elif header == b"impersonate-group":
            groups.append(value)
        elif header.startswith(_EXTRA):
            key = header[len(_EXTRA) :]
            extra.setdefault(key if _BAD_ESCAPE.search(key) else unquote_to_bytes(key), []).append(value)
    name, uid = next(iter(names), b""), next(iter(uids), b"")
    if not name and (uid or groups or extra):
        raise bad_request(f"requested {_go_syntax(uid, groups, extra)} without impersonating a user name")
    if not name:
        return None
    shown_extra = {_text(key): tuple(map(_text, values)) for key, values in extra.items()}
    return User(_text(name), _text(uid), tuple(map(_text, groups)), shown_extra)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _go_syntax(uid: bytes, groups: Sequence[bytes], extra: Mapping[bytes, Sequence[bytes]]) -> str:
    """Return a nameless user as Go's `%#v` writes it."""
    extras = ", ".join(f"{_quoted(key)}:{_go_strings(extra[key])}" for key in sorted(extra))
    shown = f"{{{extras}}}" if extra else "(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:{_quoted(uid)}, Groups:{_go_strings(groups)}, Extra:map[string][]string{shown}}}'


def _go_strings(values: Sequence[bytes]) -> str:
    return "[]string{" + ", ".join(map(_quoted, values)) + "}" if values else "[]string(nil)"


def _quoted(value: bytes) -> str:
    return quote(value.decode("utf-8", "surrogateescape"))


def service_account(username: str) -> tuple[str, str] | None:
    """Return the namespace and the name in the user name of a service account; None for any other user."""
    namespace, colon, name = username.removeprefix(_SERVICE_ACCOUNT).partition(":")
    if not username.startswith(_SERVICE_ACCOUNT) or not colon or dns_label(namespace) or dns_subdomain(name):
        return None
    return namespace, name


def completed(wanted: User) -> User:
    """Return the user with the groups that all users of its kind are in."""
    groups = wanted.groups
    if not groups and (account := service_account(wanted.name)):
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    unauthenticated = wanted.name == ANONYMOUS or ALL_UNAUTHENTICATED in groups
    added = ALL_UNAUTHENTICATED if unauthenticated else ALL_AUTHENTICATED
    return User(wanted.name, wanted.uid, groups if added in groups else (*groups, added), wanted.extra)


def _questions(user: User, wanted: User) -> list[AuthorizationAttributes]:
    """Return what must be allowed, one question for each part of the other identity."""

    def question(resource: str, name: str, *, group: str = "", **more: str) -> AuthorizationAttributes:
        return AuthorizationAttributes(
            user=user,
            verb="impersonate",
            is_resource=True,
            group=group,
            version="v1",
            resource=resource,
            name=name,
            **more,
        )

    if account := service_account(wanted.name):
        asked = [question("serviceaccounts", account[1], namespace=account[0])]
    else:
        asked = [question("users", wanted.name)]
    if wanted.uid:
        asked.append(question("uids", wanted.uid, group="authentication.k8s.io"))
    asked += [question("groups", group) for group in wanted.groups]
    for key, values in wanted.extra.items():
        asked += [question("userextras", each, group="authentication.k8s.io", subresource=key) for each in values]
    return asked


class Impersonation:
    """Changes the user of the request where its headers name another and the authorizer allows that."""

    def __init__(self, app: ASGIApp, authorizer: Authorizer) -> None:
        self._app = app
        self._authorizer = authorizer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.IMPERSONATION):
            if any(name.startswith(b"impersonate-") for name, _ in scope["headers"]):
                try:
                    await self._impersonate(request)
                except StatusError as error:
                    await error_response(request, error, group_version="v1", writer=FILTER).send(request, send)
                    return
            await self._app(scope, receive, send)

    async def _impersonate(self, request: Request) -> None:
        """Make the user that the headers name the user of the request.

        Raises:
            StatusError: 400 where the headers name none, 403 where this is not allowed.
        """
        wanted = requested(request.scope["headers"])
        if wanted is None:
            return
        for attributes in _questions(request.user, wanted):
            decision = await self._authorizer.authorize(attributes)
            if decision.verdict != "allow":
                raise forbidden_error(attributes, decision.reason)
        request.impersonated_by, request.user = request.user, completed(wanted)
