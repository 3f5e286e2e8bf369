"""From a path to a handler: the resource, the verb and the shape of the path choose it.

Built-in resources are found by a router, which also compares media types; custom resources have a handler of their own in kube-apiserver,
which refuses in other words.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
"""

from asyncio import Event
from collections.abc import Mapping
from dataclasses import replace

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.handlers.call import Handler, Verb, check_patch_type
from rootspan_apiserver.handlers.field_managers import FieldManagers
from rootspan_apiserver.handlers.patch import PatchVerb
from rootspan_apiserver.handlers.subresources.binding import Binding
from rootspan_apiserver.handlers.subresources.calculated import CalculatedVerbs
from rootspan_apiserver.handlers.subresources.connect import Connections
from rootspan_apiserver.handlers.subresources.eviction import Eviction
from rootspan_apiserver.handlers.subresources.reviews import Reviews
from rootspan_apiserver.handlers.subresources.scale import ScaleTarget
from rootspan_apiserver.handlers.subresources.token import TokenRequests, default_lifetime
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.verbs import DeleteVerbs, ReadVerbs, WriteVerbs
from rootspan_apiserver.handlers.watch import WatchVerb
from rootspan_apiserver.handlers.writing import Writer
from rootspan_apiserver.http.negotiation import DOCUMENT, STREAMS, check_routed
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import NOT_FOUND, ROUTER, error_response
from rootspan_apiserver.kube.asgi import Receive, Scope, Send
from rootspan_apiserver.kube.media_types import OBJECTS, PATCHES
from rootspan_apiserver.kube.status import (
    StatusError,
    bad_request,
    method_not_allowed,
    method_not_supported,
    not_found,
    unknown_resource,
)
from rootspan_apiserver.registry.escalation_check import EscalationCheck
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.step_metrics import WatchMetrics

Handlers = Mapping[str, Handler]
"""By verb."""
_OF_OBJECTS = frozenset({"get", "watch", "update", "patch", "delete"})
_CONNECT_METHODS = ("HEAD", "OPTIONS")
"""Passed on to a proxy without a verb of their own."""
_PASSED_ON = ("attach", "exec", "portforward", "proxy")
"""Subresources that are connections to somewhere else, with bodies of their own."""


class ResourceEndpoint:
    """The ASGI application of resource requests, below `/api/VERSION/…` and `/apis/GROUP/VERSION/…`.

    Args:
        tokens: Issues the tokens of service accounts.
        min_request_timeout: How long a watch lasts at least whose client names no time-out, in seconds.
        stopping: Ends all watches when it is set.
        enforces_roles: Whether RBAC is one of the authorization modes.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        store: Store,
        admission: AdmissionChain,
        authenticator: Authenticator,
        authorizer: Authorizer,
        tokens: ServiceAccountTokens,
        metrics: WatchMetrics,
        min_request_timeout: float,
        stopping: Event,
        enforces_roles: bool,
    ) -> None:
        self._registry = registry
        managers = FieldManagers(registry)
        escalation = EscalationCheck(store, registry, authorizer)
        writer = Writer(store, admission, managers, escalation=escalation, enforces_roles=enforces_roles)
        calculated = CalculatedVerbs(admission, managers)
        reading, writing, deleting = ReadVerbs(store), WriteVerbs(writer), DeleteVerbs(store, admission)
        watch = Verb(WatchVerb(store, metrics, min_seconds=min_request_timeout, stopping=stopping).watch)
        connections = Connections(registry, store, admission)
        binding = calculated.verb(Binding(registry, store).bind)
        self._collection: Handlers = {
            "list": Verb(reading.list),
            "watch": watch,
            "create": Verb(writing.create, operations.CREATE),
            "deletecollection": Verb(deleting.delete_collection, operations.DELETE),
        }
        self._object: Handlers = {
            "get": Verb(reading.get, operations.GET),
            "watch": watch,
            "update": Verb(writing.update, operations.UPDATE),
            "patch": Verb(PatchVerb(writer).patch, operations.PATCH),
            "delete": Verb(deleting.delete, operations.DELETE),
        }
        connect = dict.fromkeys(("get", "create", "update", "patch", "delete"), connections.connect)
        self._subresources: Mapping[str, Handlers] = {
            "binding": {"create": binding},
            "eviction": {"create": calculated.verb(Eviction(registry, store).evict)},
            "token": {
                "create": calculated.verb(TokenRequests(registry, store, tokens).issue, default=default_lifetime)
            },
            "log": {"get": Verb(connections.log, operations.GET, offer=DOCUMENT)},
            **dict.fromkeys(_PASSED_ON, connect),
        }
        reviews = Reviews(authenticator, authorizer).by_resource()
        self._calculated: Mapping[tuple[str, str], Handler] = {
            ("", "bindings"): binding,
            **{resource: calculated.verb(review) for resource, review in reviews.items()},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        try:
            found = self._route(request)
        except StatusError as error:
            await error_response(request, error, writer=ROUTER).send(request, send)
            return
        if found is None:
            await NOT_FOUND.send(request, send)
            return
        handler, target = found
        if target.resource.deprecation:
            request.warnings.append(target.resource.deprecation)
            request.audit_annotations.add("k8s.io/deprecated", "true")
        await handler(request, target, send)

    def _route(self, request: Request) -> tuple[Handler, Target] | None:
        """Return the handler and its target, None for a path below no group that is built in.

        Raises:
            StatusError: 400, 404, 405, 406 or 415.
        """
        info = request.info
        resource = self._registry.lookup(info.api_group, info.api_version, info.resource)
        if not request.path.startswith(f"/{info.api_prefix}/"):
            return None
        if resource is None:
            if is_builtin_group(self._registry, info.api_group):
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
        target = Target(resource, namespace, shape[1] if len(shape) > 1 else "")
        if len(shape) > 2:
            handler, target = self._subresource(request, target)
        elif resource.custom:
            handler = self._custom(request, target)
        else:
            handler = self._builtin(request, target)
        if not resource.custom and target.part not in _PASSED_ON:
            _check_media_types(request, target)
        return handler, target

    def _builtin(self, request: Request, target: Target) -> Handler:
        """Raises StatusError 404 or 405."""
        verb, resource = request.info.verb, target.resource
        handler = (self._object if target.name else self._collection).get(verb)
        if verb == "proxy" or (target.name and not resource.verbs & _OF_OBJECTS):
            raise unknown_resource()
        # A path that begins with `watch` has the verb whatever the method.
        if handler is None or verb not in resource.verbs or request.method == "HEAD" or not _reads(request, verb):
            raise method_not_allowed()
        return self._calculated.get((resource.kind.group, resource.plural), handler)

    def _custom(self, request: Request, target: Target) -> Handler:
        """Raises StatusError 400, 405 or 415."""
        verb = request.info.verb
        handler = (self._object if target.name else self._collection).get(verb)
        if handler is not None:
            return handler
        if verb == "create":
            return self._collection["create"]
        if verb in ("update", "patch") and not target.name:
            check_patch_type(request, target)
            raise bad_request("name must be provided")
        raise method_not_supported(target.resource.group_resource, verb)

    def _subresource(self, request: Request, target: Target) -> tuple[Handler, Target]:
        """Raises StatusError 400, 404 or 405."""
        info = request.info
        subresource = target.resource.subresources.get(info.subresource)
        resource, custom = target.resource.group_resource, target.resource.custom
        if subresource is None:
            raise not_found(resource, target.name) if custom else unknown_resource()
        if len(info.parts) > 3 and subresource.name != "proxy" and not custom:
            raise unknown_resource()
        if not target.name:
            raise bad_request("name must be provided")
        verb = "get" if subresource.name == "proxy" and request.method in _CONNECT_METHODS else info.verb
        if verb not in subresource.verbs or (request.method == "HEAD" and not custom and subresource.name != "proxy"):
            raise method_not_supported(resource, info.verb) if custom else method_not_allowed()
        if subresource.name == "scale":
            target = ScaleTarget(target.resource, target.namespace, target.name, subresource, self._registry)
        else:
            target = replace(target, subresource=subresource)
        return self._subresources.get(subresource.name, self._object)[verb], target


def _reads(request: Request, verb: str) -> bool:
    return verb != "watch" or request.method == "GET"


def is_builtin_group(registry: Registry, group: str) -> bool:
    """Return whether a group has built-in resources: its unknown paths are answered with a Status."""
    return any(not resource.custom and resource.kind.group == group for resource in registry.resources())


def _check_media_types(request: Request, target: Target) -> None:
    """Compare the headers with what the path consumes and produces, to the letter.

    Raises:
        StatusError: 406 or 415.
    """
    if request.info.verb == "patch" and request.header(b"content-type").partition(";")[0].strip(" ") not in PATCHES:
        raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    produced = ("text/plain",) if target.part == "log" else ()
    streams = STREAMS if request.info.verb in ("list", "watch") else ()
    check_routed(request.header(b"accept"), (*produced, *OBJECTS, *streams))
