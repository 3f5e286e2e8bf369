"""Acting as somebody else: `Impersonate-*` headers, allowed to whom the authorizer grants the verb `impersonate`."""

from urllib.parse import unquote

from rootspan_apiserver.authorization import Attributes
from rootspan_apiserver.filters.authorization import forbidden_error
from rootspan_apiserver.handlers.parts import Parts
from rootspan_apiserver.handlers.request import ASGIApp, Receive, Request, Scope, Send
from rootspan_apiserver.handlers.responses import write_filter_error
from rootspan_apiserver.identity import ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, User
from rootspan_apiserver.request_context import request_context
from rootspan_apiserver.status import internal_error
from rootspan_apiserver.tracing import FILTERLATENCY

_EXTRA = b"impersonate-extra-"
_SERVICE_ACCOUNT = "system:serviceaccount:"


def impersonated(scope: Scope) -> User | None:
    """The user the headers name. Raises ValueError for headers that name groups or extra and no user."""
    name = uid = ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in scope["headers"]:
        if not header.startswith(b"impersonate-"):
            continue
        text = value.decode("utf-8", "replace")
        if header == b"impersonate-user":
            name = text
        elif header == b"impersonate-group":
            groups.append(text)
        elif header == b"impersonate-uid":
            uid = text
        elif header.startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].decode("latin-1"))
            extra[key] = (*extra.get(key, ()), text)
    if not name:
        if groups or extra or uid:
            raise ValueError("requested impersonation without impersonating a user")
        return None
    return User(name, uid, _completed(name, groups), extra)


def _completed(name: str, groups: list[str]) -> tuple[str, ...]:
    if name == ANONYMOUS:
        return (*groups, ALL_UNAUTHENTICATED) if ALL_UNAUTHENTICATED not in groups else tuple(groups)
    if not groups and name.startswith(_SERVICE_ACCOUNT):
        namespace = name.removeprefix(_SERVICE_ACCOUNT).partition(":")[0]
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    return tuple(groups) if ALL_AUTHENTICATED in groups else (*groups, ALL_AUTHENTICATED)


def _questions(user: User, target: User, named_groups: list[str]) -> list[Attributes]:
    """What must be allowed, one question for each part of the other identity."""
    asked = []
    if target.name.startswith(_SERVICE_ACCOUNT):
        namespace, _, name = target.name.removeprefix(_SERVICE_ACCOUNT).partition(":")
        asked.append(Attributes(user, "impersonate", True, namespace, "", "v1", "serviceaccounts", "", name))
    else:
        asked.append(Attributes(user, "impersonate", True, "", "", "v1", "users", "", target.name))
    asked += [Attributes(user, "impersonate", True, "", "", "v1", "groups", "", group) for group in named_groups]
    for key, values in target.extra.items():
        asked += [
            Attributes(user, "impersonate", True, "", "authentication.k8s.io", "v1", "userextras", key, value)
            for value in values
        ]
    if target.uid:
        asked.append(Attributes(user, "impersonate", True, "", "authentication.k8s.io", "v1", "uids", "", target.uid))
    return asked


class Impersonation:
    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._parts.tracing.span("constrainedimpersonation", scope=FILTERLATENCY):
            if any(name.startswith(b"impersonate-") for name, _ in scope["headers"]) and not await self._become(
                scope, receive, send
            ):
                return
            await self._app(scope, receive, send)

    async def _become(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Puts the other user in place; False after a refusal has been written."""
        context = request_context(scope)
        try:
            target = impersonated(scope)
        except ValueError as exc:
            await write_filter_error(Request(self._parts, scope, receive, send), internal_error(str(exc)), "")
            return False
        if target is None:
            return True
        groups = [value.decode("utf-8", "replace") for name, value in scope["headers"] if name == b"impersonate-group"]
        for attributes in _questions(context.user, target, groups):
            decision = await self._parts.authorizer.authorize(attributes)
            if decision.verdict != "allow":
                error = forbidden_error(attributes, decision.reason)
                await write_filter_error(Request(self._parts, scope, receive, send), error, "v1")
                return False
        context.impersonated_by, context.user = context.user, target
        return True
