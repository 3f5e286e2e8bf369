"""What a rule finds, and what all rules share: the walk over containers and the words for lists of names.

Upstream: staging/src/k8s.io/pod-security-admission/policy/checks.go, helpers.go, visitor.go
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Metadata = Mapping[str, Any]
PodSpec = Mapping[str, Any]
Container = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a pod is forbidden: `reason` is short and always shown, `detail` names the values of one pod."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


CheckPod = Callable[[Metadata, PodSpec], Violation | None]


def containers(spec: PodSpec) -> Iterator[Container]:
    """Yield init containers, containers, and ephemeral containers."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def security_context(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the security context of a pod spec or a container, empty where there is none."""
    found: Mapping[str, Any] = holder.get("securityContext") or {}
    return found


def names_where(spec: PodSpec, is_bad: Callable[[Container], bool]) -> list[str]:
    """Return the names of the containers for which the condition holds."""
    return [container.get("name", "") for container in containers(spec) if is_bad(container)]


def quoted(texts: Iterable[str]) -> str:
    """Return the texts in quotes, which nothing escapes, and with commas."""
    return ", ".join(f'"{text}"' for text in texts)


def counted(singular: str, items: Sequence[str] | set[str], plural: str = "") -> str:
    """Return the singular for one item, else the plural, which by default has an `s`."""
    return singular if len(items) == 1 else plural or f"{singular}s"


def named(singular: str, names: Sequence[str]) -> str:
    """Return the names behind their kind: `container "a"`, `containers "a", "b"`."""
    return f"{counted(singular, names)} {quoted(names)}"


def setters(pod: bool, names: Sequence[str]) -> str:
    """Return who sets a bad value: the pod, containers, or both; empty for neither."""
    return " and ".join((["pod"] if pod else []) + ([named("container", names)] if names else []))


def is_windows(spec: PodSpec) -> bool:
    """Whether the pod declares Windows as its operating system."""
    return (spec.get("os") or {}).get("name") == "windows"


def has_user_namespace(spec: PodSpec) -> bool:
    """Whether the pod runs in a user namespace of its own."""
    return spec.get("hostUsers") is False
