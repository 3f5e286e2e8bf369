"""The template of the route that a framework matched, as it left it in the ASGI scope.

A route is a name of bounded cardinality or it is nothing: it is never made from the path that the caller sent. Nothing is
matched a second time.
"""

from typing import Any

from rootspan.continuation import Scope


def route_of(scope: Scope) -> str | None:
    """Reads the route from the scope of a request that an application has handled.

    Litestar leaves `path_template`. Starlette leaves `route`, and moves what a mount matched from the path to `root_path`;
    FastAPI leaves the same, and a context of its own for a route of an included router.

    Returns:
        The template, with the prefix of the mounts around it; None where no route was matched, where the framework
        leaves nothing, and where a mount's own parameters cannot be told from the path it matched.
    """
    if isinstance(template := scope.get("path_template"), str):
        return template
    route = scope.get("route")
    if route is None:
        return None
    template = _template(scope, route)
    if template is None:
        return None
    mounted = _mounted(scope, template)
    return None if mounted is None else mounted + template or "/"


def _template(scope: Scope, route: Any) -> str | None:
    included = scope.get("fastapi")
    if isinstance(included, dict):
        route = included.get("effective_route_context") or route
    template = getattr(route, "path_format", None)
    if not isinstance(template, str):
        return None
    is_mount = template == f"{getattr(route, 'path', None)}/{{path}}"
    return "" if is_mount else template


def _mounted(scope: Scope, template: str) -> str | None:
    root_path = scope.get("root_path") or ""
    segments = root_path.removeprefix(scope.get("app_root_path", root_path)).split("/")
    for name, value in (scope.get("path_params") or {}).items():
        if f"{{{name}}}" not in template:
            try:
                segments[segments.index(str(value))] = f"{{{name}}}"
            except ValueError:
                return None
    return "/".join(segments)
