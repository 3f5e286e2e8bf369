"""What clients are warned of in pods and in templates: what is valid, and hardly meant.

Upstream: pkg/api/pod/warnings.go, pkg/api/node/util.go
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.address_warnings import ip_warnings
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.quantity import amount, is_whole
from rootspan_apiserver.resources.core.node_labels import NODE_LABELS
from rootspan_apiserver.resources.core.pod.affinity import PREFERRED, REQUIRED
from rootspan_apiserver.resources.core.pod.annotations import APP_ARMOR, SECCOMP_OF_CONTAINER, SECCOMP_OF_POD
from rootspan_apiserver.resources.core.pod.port_warnings import port_warnings
from rootspan_apiserver.resources.core.pod.volume_warnings import volume_warnings
from rootspan_apiserver.rules import ROOT, Path

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_ANNOTATIONS: Mapping[str, str] = MappingProxyType(
    {
        "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
        "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
        "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    }
)
_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
_MATCHES_NOTHING = "a null labelSelector results in matching no pod"


def pod_warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Return the warnings for a new pod; updates, which controllers make, have none."""
    if old is not None:
        return []
    words = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
    reasons = dns_label(obj["metadata"].get("name") or "")
    of_name = [f"metadata.name: {words}: [{' '.join(reasons)}]"] if reasons else []
    return [*of_name, *_warnings(obj, ROOT, is_pod=True)]


def template_warnings(template: JSONObject, path: Path) -> list[str]:
    """Return the warnings for a template at `path`."""
    return list(_warnings(template, path, is_pod=False))


def _warnings(holder: JSONObject, path: Path, *, is_pod: bool) -> Iterator[str]:
    spec, at = holder.get("spec") or {}, path / "spec"
    annotations = (holder.get("metadata") or {}).get("annotations") or {}
    places = path / "metadata" / "annotations"
    yield from _placement(spec, at)
    yield from (f"{places.key(key)}: {words}" for key, words in _ANNOTATIONS.items() if key in annotations)
    yield from volume_warnings(spec.get("volumes") or [], at / "volumes")
    yield from _references(spec, at)
    if SECCOMP_OF_POD in annotations and not (spec.get("securityContext") or {}).get("seccompProfile"):
        yield f"{places.key(SECCOMP_OF_POD)}: {_SECCOMP}"
    containers = [
        (container, at / kind / index) for kind in CONTAINERS for index, container in enumerate(spec.get(kind) or [])
    ]
    for container, place in containers:
        yield from _profiles(container, spec, annotations, places, is_pod=is_pod)
        yield from _container(container, place)
    yield from port_warnings(containers)
    yield from _affinity(spec, at / "affinity")
    for index, address in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from ip_warnings(at / "dnsConfig" / "nameservers" / index, address)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip_warnings(at / "hostAliases" / index / "ip", alias.get("ip") or "")


def _placement(spec: JSONObject, at: Path) -> Iterator[str]:
    """Yield the old labels of nodes that a pod is placed by, and what selects no pod."""
    for key in sorted(spec.get("nodeSelector") or {}):
        if key in NODE_LABELS:
            yield f"{(at / 'nodeSelector').key(key)}: {NODE_LABELS[key]}"
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    place = at / "affinity" / "nodeAffinity"
    terms = [
        (term, place / REQUIRED / "nodeSelectorTerms" / index)
        for index, term in enumerate((nodes.get(REQUIRED) or {}).get("nodeSelectorTerms") or [])
    ]
    terms += [
        (term.get("preference") or {}, place / PREFERRED / index / "preference")
        for index, term in enumerate(nodes.get(PREFERRED) or [])
    ]
    for term, here in terms:
        for index, expression in enumerate(term.get("matchExpressions") or []):
            if (key := expression.get("key")) in NODE_LABELS:
                yield f"{here / 'matchExpressions' / index / 'key'}: {key} is {NODE_LABELS[key]}"
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or []):
        here = at / "topologySpreadConstraints" / index
        if (key := constraint.get("topologyKey")) in NODE_LABELS:
            yield f"{here / 'topologyKey'}: {key} is {NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{here / 'labelSelector'}: {_MATCHES_NOTHING}"


def _references(spec: JSONObject, at: Path) -> Iterator[str]:
    """Yield aliases and secrets that are there twice, secrets without a name, and parts of bytes."""
    for name, key, shown in (("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")):
        seen: set[str] = set()
        for index, item in enumerate(spec.get(name) or []):
            if (found := item.get(key) or "") in seen:
                yield f"{at / name / index / key}: duplicate {shown} {quote(found)}"
            seen.add(found)
    for index, item in enumerate(spec.get("imagePullSecrets") or []):
        if not item.get("name"):
            yield f'{at / "imagePullSecrets" / index / "name"}: invalid empty name ""'
    yield from _fractions(spec.get("overhead") or {}, at / "overhead")


def _fractions(amounts: Mapping[str, Any], at: Path) -> Iterator[str]:
    for name in ("memory", "ephemeral-storage"):
        number = amount(amounts[name]) if name in amounts else None
        if number is not None and not is_whole(number):
            words = f"fractional byte value {quote(str(amounts[name]))} is invalid, must be an integer"
            yield f"{at.key(name)}: {words}"


def _profiles(
    container: JSONObject, spec: JSONObject, annotations: Mapping[str, str], places: Path, *, is_pod: bool
) -> Iterator[str]:
    """Yield the annotations that a container has in place of fields."""
    security, of_pod = container.get("securityContext") or {}, spec.get("securityContext") or {}
    name = container.get("name", "")
    if f"{SECCOMP_OF_CONTAINER}{name}" in annotations and not security.get("seccompProfile"):
        yield f"{places.key(f'{SECCOMP_OF_CONTAINER}{name}')}: {_SECCOMP}"
    has_field = security.get("appArmorProfile") or of_pod.get("appArmorProfile")
    if not is_pod and f"{APP_ARMOR}{name}" in annotations and not has_field:
        yield f"{places.key(f'{APP_ARMOR}{name}')}: {_APP_ARMOR}"


def _container(container: JSONObject, at: Path) -> Iterator[str]:
    """Yield parts of bytes, and variables that hide others."""
    resources = container.get("resources") or {}
    for name in ("memory", "ephemeral-storage"):
        for kind in ("limits", "requests"):
            found = resources.get(kind) or {}
            yield from _fractions({key: value for key, value in found.items() if key == name}, at / "resources" / kind)
    seen: set[str] = set()
    for index, variable in enumerate(container.get("env") or []):
        name, value = variable.get("name") or "", variable.get("value") or ""
        reference = f"$({name})"
        if name in seen and (variable.get("valueFrom") is not None or value == reference or reference not in value):
            words = f"hides previous definition of {quote(name)}, which may be dropped when using apply"
            yield f"{at / 'env' / index}: {words}"
        seen.add(name)


def _affinity(spec: JSONObject, at: Path) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        found = (spec.get("affinity") or {}).get(kind) or {}
        for index, term in enumerate(found.get(REQUIRED) or []):
            if term.get("labelSelector") is None:
                yield f"{at / kind / REQUIRED / index / 'labelSelector'}: {_MATCHES_NOTHING}"
        for index, term in enumerate(found.get(PREFERRED) or []):
            if (term.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{at / kind / PREFERRED / index / 'podAffinityTerm' / 'labelSelector'}: {_MATCHES_NOTHING}"
