"""The registry of served resources, built in and custom, by path and by kind.

The built-in ones come from their definitions (`builtin.py`), custom ones are added and removed while the server runs.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.release import DEFAULT_SERVICE_RANGE
from rootspan_apiserver.resources.builtin import GROUPS, definitions
from rootspan_apiserver.resources.definition import Definition, kind_in
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.types.schema import schema_of
from rootspan_apiserver.types.tables import go_types

DEFINITIONS = definitions()
"""The definitions of all built-in kinds; their modules are imported with this one, so that the start of a server does not wait for them."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its served versions, the preferred one first."""

    name: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AggregatedVersion:
    """A group-version that another server serves: its resources as aggregated discovery shows them, and its priorities."""

    group: str
    version: str
    resources: tuple[JSONObject, ...] = ()
    fresh: bool = True
    group_priority: int = 0
    version_priority: int = 0


class Registry:
    """The resources by path and by kind. `revision` grows with each change, and `subscribe` reports it at once.

    Attributes:
        made: What has been made of this revision, see `per_revision`.
    """

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[GroupVersionKind, Resource] = {}
        self._subscribers: list[Callable[[], None]] = []
        self._aggregated: tuple[AggregatedVersion, ...] = ()
        self.revision = 0
        self.made: dict[object, object] = {}

    @property
    def aggregated(self) -> tuple[AggregatedVersion, ...]:
        """The group-versions of other servers, which the documents of discovery name."""
        return self._aggregated

    def aggregate(self, versions: Iterable[AggregatedVersion]) -> None:
        """Name these group-versions of other servers in discovery, and no others."""
        if (found := tuple(versions)) != self._aggregated:
            self._aggregated = found
            self.replace((), ())

    def lookup(self, group: str, version: str, plural: str) -> Resource | None:
        return self._by_path.get((group, version, plural))

    def builtin(self, plural: str, group: str = "", version: str = "v1") -> Resource:
        """Return a built-in resource. Raises LookupError if it is not served."""
        found = self.lookup(group, version, plural)
        if found is None:
            raise LookupError(f"{plural} of {group or 'the core group'}, {version}, are not in the registry")
        return found

    def by_kind(self, kind: GroupVersionKind) -> Resource | None:
        return self._by_kind.get(kind)

    def resources(self) -> Iterable[Resource]:
        return self._by_path.values()

    def groups(self) -> Iterator[Group]:
        """In the order of discovery: the built-in groups, then the custom ones by name."""
        versions: dict[str, list[str]] = {}
        custom: dict[str, list[str]] = {}
        for resource in self._by_path.values():
            group = resource.kind.group
            known = versions if group in versions or not resource.custom else custom
            found = known.setdefault(group, [])
            if resource.kind.version not in found:
                found.append(resource.kind.version)
        for group, found in versions.items():
            yield Group(group, tuple(found))
        for group, found in sorted(custom.items()):
            yield Group(group, tuple(sorted(found, key=version_priority)))

    def in_version(self, group: str, version: str) -> list[Resource]:
        """Return the resources of a group-version, by name."""
        found = [r for r in self._by_path.values() if r.kind.group == group and r.kind.version == version]
        return sorted(found, key=lambda resource: resource.plural)

    def add(self, resource: Resource) -> None:
        """Serve `resource`, in place of the one at the same path if there is one."""
        self.replace((), (resource,))

    def remove(self, resource: Resource) -> None:
        self.replace((resource,), ())

    def replace(self, old: Iterable[Resource], new: Iterable[Resource]) -> None:
        """Stop serving some and begin to serve others, in one change."""
        for resource in old:
            self._by_path.pop(_path(resource), None)
            self._by_kind.pop(resource.kind, None)
        for resource in new:
            self._by_path[_path(resource)] = resource
            self._by_kind[resource.kind] = resource
        self.revision += 1
        self.made = {}
        for callback in tuple(self._subscribers):
            callback()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called after each change, until what this returns is called."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)


def _path(resource: Resource) -> tuple[str, str, str]:
    return resource.kind.group, resource.kind.version, resource.plural


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Return the order of versions in Kubernetes: v2, v1, v2beta1, v1beta1, v1alpha1, then others by name."""
    match = re.fullmatch(r"v([0-9]{1,18})(?:(alpha|beta)([0-9]{1,18}))?", version)
    if match is None:
        return 3, 0, 0, version
    stability = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return stability, -int(match[1]), -int(match[3] or 0), version


def builtin_registry(service_range: str = DEFAULT_SERVICE_RANGE, event_ttl: int | None = None) -> Registry:
    """Return a registry of the built-in resources, to which custom ones can be added.

    Args:
        service_range: the CIDR out of which services get their addresses.
        event_ttl: the seconds for which events are kept, 0 for ever; None for their definition's.
    """
    registry = Registry()
    definitions = [
        replace(each, time_to_live=event_ttl) if each.time_to_live and event_ttl is not None else each
        for each in DEFINITIONS
    ]
    found = [resource for each in definitions for resource in builtin_resources(each, service_range)]
    order = {api_version: number for number, (_, api_version) in enumerate(GROUPS)}
    registry.replace((), sorted(found, key=lambda each: (order[each.kind.api_version], each.plural)))
    registry.revision = 0
    return registry


def builtin_resources(definition: Definition, service_range: str = DEFAULT_SERVICE_RANGE) -> Iterator[Resource]:
    """Yield the resources that a definition serves, one for each of its versions.

    Args:
        service_range: the CIDR out of which allocators give.
    """
    kept = definition.kind
    allocator = partial(definition.allocator, service_range) if definition.allocator is not None else None
    strategy = Strategy(definition, go_types().builtin(kept))
    yield Resource.of(definition, strategy, schema_of(kept), allocator=allocator)
    for version in definition.also_served:
        own = Strategy(definition, go_types().builtin(kept), version=version)
        kind = kind_in(version.api_version, definition.name)
        path, deprecation = version.storage_path, version.deprecation
        yield Resource.of(definition, own, schema_of(kind), kind=kind, storage_path=path, deprecation=deprecation)
