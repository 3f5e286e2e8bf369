"""Volumes that hardly are what is meant: of drivers that do not work any more, with files in each other's place.

Upstream: pkg/api/pod/warnings.go (warningsForOverlappingVirtualPaths)
"""

from collections.abc import Iterable, Iterator

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules import Path

_DRIVERS = (
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)
"""The field of a source, how the warning spells it, and its words."""


def volume_warnings(volumes: list[JSONObject], at: Path) -> Iterator[str]:
    """Yield the warnings for the volumes of a pod."""
    for index, volume in enumerate(volumes):
        for key, shown, words in _DRIVERS:
            if volume.get(key) is not None:
                yield f"{at / index / shown}: {words}"
    for volume in volumes:
        yield from _overlaps(volume)


def _overlaps(volume: JSONObject) -> Iterator[str]:
    name = quote(volume.get("name") or "")
    for key, kind, of in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        if (source := volume.get(key)) is not None:
            found = ((path, quote(path)) for path in _paths(source))
            yield from _conflicts(f"volume {name} ({kind} {quote(source.get(of) or '')})", found)
    if (source := volume.get("downwardAPI")) is not None:
        found = ((path, quote(path)) for path in _paths(source))
        yield from _conflicts(f"volume {name} (DownwardAPI)", found)
    if (source := volume.get("projected")) is not None:
        sources = source.get("sources") or []
        if not all(sources):
            yield f"volume {name} (Projected) has no sources provided"
        yield from _conflicts(f"volume {name} (Projected)", _projected(sources))


def _paths(source: JSONObject) -> list[str]:
    return [item.get("path") or "" for item in source.get("items") or []]


def _projected(sources: list[JSONObject]) -> Iterator[tuple[str, str]]:
    """Yield the paths of projected files, each with how it is shown."""
    for source in sources:
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
            if (found := source.get(key)) is not None:
                whose = f"{kind} {quote(found.get('name') or '')}" if key != "downwardAPI" else kind
                yield from ((path, f"{quote(path)} ({whose})") for path in _paths(found))
        for key, kind in (("serviceAccountToken", "ServiceAccountToken"), ("clusterTrustBundle", "ClusterTrustBundle")):
            if (found := source.get(key)) is not None:
                path = found.get("path") or ""
                yield path, f"{quote(path)} ({kind})"


def _conflicts(volume: str, paths: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the paths that are those of others before them, or are above or below them."""
    before: list[tuple[str, str]] = []
    for path, shown in paths:
        path = path.rstrip("/")
        for other, there in before:
            if path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/"):
                yield f"{volume}: overlapping paths: {shown} with {there}"
        before.append((path, shown))
