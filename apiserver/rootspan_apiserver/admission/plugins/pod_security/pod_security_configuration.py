"""PodSecurityConfiguration: the policy of namespaces without labels, and what is exempt from all policies.

Upstream: staging/src/k8s.io/pod-security-admission/admission/api/validation/validation.go, v1/defaults.go
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from rootspan_apiserver.admission.configuration import plugin_error
from rootspan_apiserver.admission.plugins.pod_security.levels import (
    LEVELS,
    MODES,
    PRIVILEGED,
    WRONG_LEVEL,
    WRONG_VERSION,
    LevelVersion,
    PodSecurityPolicy,
    PolicyVersion,
)
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError, listed
from rootspan_apiserver.rules import ROOT


@dataclass(frozen=True, slots=True)
class PodSecurityConfiguration:
    """The configuration of the plugin."""

    defaults: PodSecurityPolicy = field(default_factory=PodSecurityPolicy)
    usernames: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    runtime_classes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return what a document of the kind says; an empty one is the default.

        Raises:
            ConfigurationError: a level, a version or an exemption is not valid.
        """
        defaults, exemptions = document.get("defaults") or {}, document.get("exemptions") or {}
        if errors := [*_default_errors(defaults), *_exemption_errors(exemptions)]:
            raise plugin_error("PodSecurity", listed(errors))
        given = {
            mode: LevelVersion(
                defaults.get(mode) or PRIVILEGED,
                PolicyVersion.parse(defaults.get(f"{mode}-version") or "latest") or PolicyVersion(),
            )
            for mode in MODES
        }
        return cls(
            PodSecurityPolicy(**given),
            frozenset(exemptions.get("usernames") or ()),
            frozenset(exemptions.get("namespaces") or ()),
            frozenset(exemptions.get("runtimeClasses") or ()),
        )


def _default_errors(defaults: Mapping[str, str]) -> Iterator[FieldError]:
    for mode in ("enforce", "warn", "audit"):
        if (level := defaults.get(mode)) and level not in LEVELS:
            yield FieldError.invalid(ROOT / "defaults" / mode, level, WRONG_LEVEL)
        if (version := defaults.get(f"{mode}-version")) and PolicyVersion.parse(version) is None:
            yield FieldError.invalid(ROOT / "defaults" / f"{mode}-version", version, WRONG_VERSION)


def _exemption_errors(exemptions: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    yield from _name_errors(exemptions, "namespaces", dns_label)
    yield from _name_errors(exemptions, "runtimeClasses", dns_subdomain)
    yield from _name_errors(exemptions, "usernames", _username)


def _name_errors(
    exemptions: Mapping[str, Sequence[str]], key: str, rule: Callable[[str], list[str]]
) -> Iterator[FieldError]:
    seen: set[str] = set()
    for i, name in enumerate(exemptions.get(key) or ()):
        path = ROOT / "exemptions" / key / i
        if reasons := rule(name):
            yield FieldError.invalid(path, name, ", ".join(reasons))
        elif name in seen:
            yield FieldError.duplicate(path, name)
        seen.add(name)


def _username(name: str) -> list[str]:
    return [] if name else ["username must not be empty"]
