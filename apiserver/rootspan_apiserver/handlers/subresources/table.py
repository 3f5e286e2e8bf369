"""Subresources that are not simply a part of the object: verb by verb. The others are served as the object itself is."""

from collections.abc import Awaitable, Callable, Mapping

from rootspan_apiserver.handlers.calculated import calculated
from rootspan_apiserver.handlers.subresources.binding import bind
from rootspan_apiserver.handlers.subresources.connect import connect, log
from rootspan_apiserver.handlers.subresources.eviction import evict
from rootspan_apiserver.handlers.subresources.token import issue
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request

Handler = Callable[[Request, Target], Awaitable[None]]

_CONNECT = dict.fromkeys(("get", "create", "update", "patch", "delete"), connect)

SUBRESOURCES: Mapping[str, Mapping[str, Handler]] = {
    "binding": {"create": calculated(bind)},
    "eviction": {"create": calculated(evict)},
    "token": {"create": calculated(issue)},
    "attach": _CONNECT,
    "exec": _CONNECT,
    "log": {"get": log},
    "portforward": _CONNECT,
    "proxy": _CONNECT,
}
