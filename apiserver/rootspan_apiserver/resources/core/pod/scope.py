"""What the rules for the parts of a pod's spec know of the rest of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.volumes import check_volumes
from rootspan_apiserver.rules import Path, RuleContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PodScope:
    """A pod's spec, in a pod (`is_pod`) or in a template.

    `volumes` are the valid ones, by name; `volume_errors` is what is wrong with the others. `repeated` are the places of
    the containers whose names other containers have before them.
    """

    spec: JSONObject
    is_pod: bool
    volumes: Mapping[str, JSONObject]
    volume_errors: tuple[FieldError, ...]
    repeated: frozenset[str]

    @property
    def grace_period(self) -> int | None:
        """The seconds that the containers have to end."""
        return self.spec.get("terminationGracePeriodSeconds")

    @property
    def claim_names(self) -> list[str]:
        """The names of the resource claims of the pod."""
        return sorted({claim["name"] for claim in self.spec.get("resourceClaims") or [] if claim.get("name")})


def scope_of_pod(value: Any, path: Path, context: RuleContext) -> PodScope:
    """Return the scope for the spec of the pod that is checked."""
    return _scope(value, path, context, (context.root.get("metadata") or {}).get("name") or "", is_pod=True)


def scope_of_template(value: Any, path: Path, context: RuleContext) -> PodScope:
    """Return the scope for the spec of a template."""
    return _scope(value, path, context, "", is_pod=False)


def _scope(value: Any, path: Path, context: RuleContext, name: str, *, is_pod: bool) -> PodScope:
    volumes, errors = check_volumes(value.get("volumes") or [], path / "volumes", context, pod_name=name)
    return PodScope(
        spec=value,
        is_pod=is_pod,
        volumes=volumes,
        volume_errors=tuple(errors),
        repeated=frozenset(_repeated(value, path)),
    )


def _repeated(spec: JSONObject, path: Path) -> Iterator[str]:
    names: set[str] = set()
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(kind) or []):
            name = container.get("name") or ""
            if name in names:
                yield str(path / kind / index)
            # An init container without a name is refused for that alone.
            if name or kind != "initContainers":
                names.add(name)
