"""Serve custom resources: the registry follows the effective CustomResourceDefinitions.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
"""

from collections.abc import Callable
from datetime import UTC, datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.custom.definitions import accepted_status, resources_of
from rootspan_apiserver.resources.resource import Resource


def no_converter(_definition: JSONObject) -> None:
    """For definitions of one version."""


class ServedDefinitions:
    """Keeps a registry in line with CustomResourceDefinitions; its methods neither wait nor read.

    `converter_of` returns what converts between the versions of a definition.
    """

    def __init__(
        self, registry: Registry, converter_of: Callable[[JSONObject], Converter | None] = no_converter
    ) -> None:
        self._registry = registry
        self._converter_of = converter_of
        self._served: dict[str, tuple[JSONObject, tuple[Resource, ...]]] = {}

    def put(self, definition: JSONObject) -> JSONObject:
        """Serve what `definition` defines from now on, in place of what it defined before; returns the status it should have."""
        name, spec = definition["metadata"]["name"], definition["spec"]
        conflict = self._conflict(name, spec)
        status = accepted_status(definition, datetime.now(UTC), conflict)
        known, serving = self._served.get(name, ({}, ()))
        if not conflict and known != spec:
            resources = resources_of(definition, self._converter_of(definition))
            self._registry.replace(serving, resources)
            self._served[name] = spec, resources
        return status

    def remove(self, name: str) -> None:
        """Stop serving what the definition of that name defines; nothing if there is none."""
        _, serving = self._served.pop(name, ({}, ()))
        if serving:
            self._registry.replace(serving, ())

    def _conflict(self, name: str, spec: JSONObject) -> str:
        """Which of its names another resource of the group has already, "" if none."""
        names = spec["names"]
        wanted = {names["plural"], names.get("singular"), *(names.get("shortNames") or ())} - {None, ""}
        own = set(self._served.get(name, ({}, ()))[1])
        for other in self._registry.resources():
            if other.kind.group != spec["group"] or other in own:
                continue
            if taken := sorted(wanted & {other.plural, other.singular, *other.short_names}):
                return f'"{taken[0]}" is already in use'
            if names["kind"] in (other.kind.kind, other.list_kind):
                return f'"{names["kind"]}" is already in use'
        return ""
