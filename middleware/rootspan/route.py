"""The template of the route that a framework matched, as it left it in the ASGI scope.

A route is a name of bounded cardinality or it is nothing: it is never made from the path that the caller sent, and nothing is
matched a second time. It begins with the root path under which the application is served, as the conventions ask.

* Any application may leave it as `path_template`; Litestar does.
* Starlette leaves `route` since 1.7, and FastAPI for its own routes; FastAPI leaves a context besides for a route of an included
  router. Where they leave only the endpoint that they found, the route is the one that has this endpoint.
* Both move what a mount matched from the path to `root_path`.
"""

from collections.abc import Iterable
from typing import Any

from rootspan.continuation import Scope


def route_of(scope: Scope, root_path: str = "") -> str | None:
    """Return the route of a request that an application has handled.

    Args:
        scope: The scope as the application left it.
        root_path: The `root_path` of the scope before the application handled it.

    Returns:
        The template, with the prefix of the mounts around it; None where no route was matched, where the framework
        leaves nothing, and where a mount's own parameters cannot be distinguished from the path it matched.
    """
    template = scope.get("path_template")
    if template == "":  # Litestar's for a mounted application, whose handler knows its paths
        paths = list(getattr(scope.get("route_handler"), "paths", ()))
        template = paths[0] if len(paths) == 1 else None
    if isinstance(template, str):
        return root_path + template if template != "/" or not root_path else root_path
    route = scope.get("route")
    if route is None and "endpoint" in scope:
        route = _route_of_endpoint(scope)
    if route is None:
        return None
    template = _template(scope, route)
    if template is None:
        return None
    mounted = _mounted(scope, template, root_path)
    return None if mounted is None else mounted + template or "/"


def _route_of_endpoint(scope: Scope) -> Any:
    """The route whose endpoint the framework left. Patterns are tried only on mounts, and on the routes of this endpoint."""
    endpoint = scope.get("endpoint")
    routes = getattr(scope.get("router"), "routes", None)
    path, root_path = scope.get("path"), scope.get("root_path") or ""
    if endpoint is None or not isinstance(routes, (list, tuple)) or not isinstance(path, str):
        return None
    # Before 0.33 a mount takes what it matched from the path; since then the path stays whole.
    whole = path if path.startswith(root_path) else root_path + path
    return _with_endpoint(routes, endpoint, whole.removeprefix(scope.get("app_root_path") or ""))


def _with_endpoint(routes: Iterable[Any], endpoint: Any, path: str) -> Any:
    for route in routes:
        handles = getattr(route, "endpoint", None) is endpoint or getattr(route, "app", None) is endpoint
        inner = getattr(route, "routes", None)
        if not handles and not isinstance(inner, (list, tuple)):
            continue
        regex = getattr(route, "path_regex", None)
        match = regex.match(path) if regex is not None else None
        if match is None:
            continue
        if handles or not isinstance(inner, (list, tuple)):
            return route
        if (found := _with_endpoint(inner, endpoint, "/" + match.groupdict().get("path", ""))) is not None:
            return found
    return None


def _template(scope: Scope, route: Any) -> str | None:
    included = scope.get("fastapi")
    if isinstance(included, dict):
        route = included.get("effective_route_context") or route
    template = getattr(route, "path_format", None)
    if not isinstance(template, str):
        return None
    is_mount = template == f"{getattr(route, 'path', None)}/{{path}}"
    return "" if is_mount else template


def _mounted(scope: Scope, template: str, root_path: str) -> str | None:
    """The root path and what mounts have matched, with the parameters of the mounts in place of their values."""
    whole = scope.get("root_path") or ""
    served_under = scope.get("app_root_path", root_path)
    segments = whole.removeprefix(served_under).split("/")
    for name, value in (scope.get("path_params") or {}).items():
        if f"{{{name}}}" not in template:
            try:
                segments[segments.index(str(value))] = f"{{{name}}}"
            except ValueError:
                return None
    prefix = served_under if whole.startswith(served_under) else ""
    return prefix.rstrip("/") + "/".join(segments)
