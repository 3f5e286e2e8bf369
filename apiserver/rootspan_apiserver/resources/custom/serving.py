"""Serve custom resources: the registry follows the effective CustomResourceDefinitions.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.custom.acceptance import accepted_status, is_true
from rootspan_apiserver.resources.custom.definitions import resources_of
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
        self._known: dict[str, _Known] = {}

    @property
    def definitions(self) -> list[str]:
        """The names of the known definitions."""
        return list(self._known)

    def status_of(self, definition: JSONObject) -> JSONObject:
        """Return the status that a definition should have beside the others."""
        name, group = definition["metadata"]["name"], definition["spec"]["group"]
        others = [each.names for key, each in self._known.items() if key != name and each.group == group]
        return accepted_status(definition, others, datetime.now(UTC))

    def put(self, definition: JSONObject) -> None:
        """Serve what `definition` defines from now on, in place of what it defined before."""
        name, spec = definition["metadata"]["name"], definition["spec"]
        status = self.status_of(definition)
        before = self._known.get(name) or _Known(group=spec["group"])
        names = status.get("acceptedNames") or {}
        served = {**definition, "spec": {**spec, "names": names}, "status": status}
        established = is_true(served, "Established") or is_true(served, "NamesAccepted")
        form = (served["spec"], is_true(served, "Terminating"))
        resources = before.resources
        if not established:
            resources = ()
        elif before.form != form:
            resources = tuple(filter(self._is_free, resources_of(served, self._converter_of(served))))
        if resources != before.resources:
            self._registry.replace(before.resources, resources)
        self._known[name] = _Known(group=spec["group"], names=names, form=form, resources=resources)

    def remove(self, name: str) -> None:
        """Stop serving what the definition of that name defines; nothing if there is none."""
        known = self._known.pop(name, None)
        if known is not None and known.resources:
            self._registry.replace(known.resources, ())

    def others_in_group(self, group: str, name: str) -> list[str]:
        """Return the names of the other definitions of a group."""
        return [key for key, each in self._known.items() if key != name and each.group == group]

    def group_of(self, name: str) -> str:
        """Return the group of a known definition, "" if it is not known."""
        known = self._known.get(name)
        return known.group if known is not None else ""

    def names_of(self, name: str) -> JSONObject:
        """Return the accepted names of a definition, {} if it is not known."""
        known = self._known.get(name)
        return known.names if known is not None else {}

    def _is_free(self, resource: Resource) -> bool:
        """Return whether no built-in resource is in the way."""
        found = self._registry.lookup(resource.kind.group, resource.kind.version, resource.plural)
        return found is None or found.custom


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """A definition: its accepted names, and what is served for it in which form."""

    group: str
    names: JSONObject = field(default_factory=dict)
    form: object = None
    resources: tuple[Resource, ...] = ()
