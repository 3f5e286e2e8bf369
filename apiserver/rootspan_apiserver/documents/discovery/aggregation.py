"""The groups of discovery: those of this server, and among them those that other servers serve.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper/helpers.go (SortedByGroupAndVersion)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rootspan_apiserver.resources.api_priorities import BUILTIN, CUSTOM
from rootspan_apiserver.resources.catalogue import AggregatedVersion, Registry, version_priority

_FIRST = 1 << 31


@dataclass(frozen=True, slots=True)
class DiscoveredGroup:
    """A group and its versions, the preferred one first; those in `aggregated` are another server's."""

    name: str
    versions: tuple[str, ...]
    aggregated: dict[str, AggregatedVersion] = field(default_factory=dict)


def discovered_groups(registry: Registry) -> list[DiscoveredGroup]:
    """Return all groups but the core group, in the order of discovery."""
    own = {group.name: group.versions for group in registry.groups() if group.name}
    if not registry.aggregated:
        return [DiscoveredGroup(name, versions) for name, versions in own.items()]
    other: dict[str, dict[str, AggregatedVersion]] = {}
    for each in registry.aggregated:
        if each.group:
            other.setdefault(each.group, {})[each.version] = each
    merged = [
        DiscoveredGroup(name, _versions(name, own.get(name, ()), other.get(name, {})), other.get(name, {}))
        for name in dict.fromkeys((*own, *other))
    ]
    return sorted(merged, key=lambda group: (-_group_priority(group), group.name))


def _versions(group: str, own: Iterable[str], other: dict[str, AggregatedVersion]) -> tuple[str, ...]:
    def place(version: str) -> tuple[int, tuple[int, int, int, str]]:
        if version in other:
            return -other[version].version_priority, version_priority(version)
        return -BUILTIN.get(f"{group}/{version}", CUSTOM).version, version_priority(version)

    return tuple(sorted({*own, *other}, key=place))


def _group_priority(group: DiscoveredGroup) -> int:
    if group.name == "apiregistration.k8s.io":
        return _FIRST
    return max(
        group.aggregated[version].group_priority
        if version in group.aggregated
        else BUILTIN.get(f"{group.name}/{version}", CUSTOM).group
        for version in group.versions
    )
