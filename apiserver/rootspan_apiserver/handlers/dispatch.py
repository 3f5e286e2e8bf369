"""From the path to the handler: the registry knows the resource, the verb and the shape of the path choose the rest."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from rootspan_apiserver.handlers import creating, deleting, patching, reading, updating, watching
from rootspan_apiserver.handlers.reviews import REVIEWS
from rootspan_apiserver.handlers.subresources.scale import ScaleTarget
from rootspan_apiserver.handlers.subresources.table import SUBRESOURCES
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import Receive, Request, Scope, Send
from rootspan_apiserver.http.responses import write_router_error, write_text
from rootspan_apiserver.kube.status import (
    StatusError,
    bad_request,
    method_not_allowed,
    method_not_supported,
    not_found,
    unknown_resource,
)

Handler = Callable[[Request, Target], Awaitable[None]]

_COLLECTION: dict[str, tuple[str, Handler]] = {
    "list": ("list", reading.list_),
    "watch": ("watch", watching.watch),
    "create": ("create", creating.create),
    "deletecollection": ("deletecollection", deleting.delete_collection),
}
_OBJECT: dict[str, tuple[str, Handler]] = {
    "get": ("get", reading.get),
    "watch": ("watch", watching.watch),
    "update": ("update", updating.update),
    "patch": ("patch", patching.patch),
    "delete": ("delete", deleting.delete),
}


class ResourceEndpoint:
    """The ASGI application below `/api/VERSION/…` and `/apis/GROUP/VERSION/…`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(self._parts, scope, receive, send)
        try:
            found = self._route(request)
        except StatusError as error:
            await write_router_error(request, error)
            return
        if found is None:
            await write_text(request, 404, "404 page not found\n")
            return
        handler, target = found
        if target.resource.deprecation:
            request.context.warnings.append(target.resource.deprecation)
        await handler(request, target)

    def _route(self, request: Request) -> tuple[Handler, Target] | None:
        """The handler and what it is aimed at; None for a group-version nobody serves. Raises StatusError 400, 404 or 405.

        Custom resources have a handler of their own in the real server, which refuses in other words.
        """
        info = request.context.info
        if not info.is_resource_request:
            return None
        resource = self._parts.registry.lookup(info.api_group, info.api_version, info.resource)
        if resource is None:
            if self._is_builtin(info.api_group, info.api_version):
                raise unknown_resource()
            return None
        shape = info.parts
        namespace = info.namespace if resource.namespaced else ""
        if resource.namespaced and not namespace and not (len(shape) == 1 and info.verb in ("list", "watch")):
            if resource.custom:
                return None
            raise method_not_allowed() if len(shape) == 1 else unknown_resource()
        if not resource.namespaced and info.namespace and info.resource != "namespaces":
            if resource.custom:
                return None
            raise unknown_resource()
        if request.method == "HEAD":
            raise method_not_allowed()
        target = Target(resource, namespace, shape[1] if len(shape) > 1 else "")
        if len(shape) > 2:
            return self._subresource(request, target)
        verb, handler = (_OBJECT if target.name else _COLLECTION).get(info.verb, ("", None))
        if resource.custom and handler is None:
            handler = _custom_handler(info.verb, target)
        elif handler is None or verb not in resource.verbs:
            raise method_not_allowed()
        review = REVIEWS.get((resource.kind.group, resource.plural))
        return (review if review is not None else handler), target

    def _subresource(self, request: Request, target: Target) -> tuple[Handler, Target]:
        info = request.context.info
        subresource = target.resource.subresources.get(info.subresource)
        resource, custom = target.resource.group_resource, target.resource.custom
        if subresource is None:
            raise not_found(resource, target.name) if custom else unknown_resource()
        if len(info.parts) > 3 and subresource.name != "proxy" and not custom:
            raise unknown_resource()
        if info.verb not in subresource.verbs:
            raise method_not_supported(resource, info.verb) if custom else method_not_allowed()
        if subresource.name == "scale":
            target = ScaleTarget(target.resource, target.namespace, target.name, subresource, self._parts.registry)
        else:
            target = replace(target, subresource=subresource)
        handlers = SUBRESOURCES.get(subresource.name)
        if handlers is not None:
            return handlers[info.verb], target
        return _OBJECT[info.verb][1], target

    def _is_builtin(self, group: str, version: str) -> bool:
        return any(not resource.custom for resource in self._parts.registry.in_version(group, version))


def _custom_handler(verb: str, target: Target) -> Handler:
    """What is done with a custom resource where a built-in one has no handler. Raises StatusError 400 or 405."""
    if verb == "create":
        return creating.create
    if verb in ("update", "patch") and not target.name:
        raise bad_request("name must be provided")
    raise method_not_supported(target.resource.group_resource, verb)
