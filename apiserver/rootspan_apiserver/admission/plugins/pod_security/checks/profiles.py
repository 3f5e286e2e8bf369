"""Security profiles: AppArmor, seccomp and SELinux.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_appArmorProfile.go, check_seccompProfile_baseline.go,
check_seccompProfile_restricted.go, check_seLinuxOptions.go
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    CheckPod,
    Container,
    Metadata,
    PodSpec,
    Violation,
    containers,
    counted,
    is_windows,
    named,
    names_where,
    quoted,
    security_context,
    setters,
)
from rootspan_apiserver.kube.go_quote import quote

_ALLOWED = frozenset({"RuntimeDefault", "Localhost"})
_APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_SELINUX_1_0 = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SELINUX_1_31 = _SELINUX_1_0 | {"container_engine_t"}


def app_armor_profile(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """The AppArmor profile is the runtime's default or a local one, in fields and in annotations."""
    who = setters(*_bad_setters(spec, "appArmorProfile"))
    annotations = sorted(
        f"{key}={quote(value)}"
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_APP_ARMOR_ANNOTATION) and not _is_allowed_app_armor(value)
    )
    values = [*_bad_types(spec, "appArmorProfile"), *annotations]
    if annotations:
        who = " and ".join(filter(None, (who, counted("annotation", annotations))))
    if not who:
        return None
    return Violation(
        counted("forbidden AppArmor profile", values), f"{who} must not set AppArmor profile type to {quoted(values)}"
    )


def seccomp_annotations(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """The seccomp profile in annotations is the runtime's default or a local one."""
    annotations = metadata.get("annotations") or {}
    keys = {_SECCOMP_ANNOTATION, *(_SECCOMP_CONTAINER_ANNOTATION + each.get("name", "") for each in containers(spec))}
    forbidden = sorted(
        f"{key}={quote(annotations[key])}"
        for key in keys
        if key in annotations and not _is_allowed_seccomp(annotations[key])
    )
    if not forbidden:
        return None
    return Violation("seccompProfile", f"forbidden {counted('annotation', forbidden)} {', '.join(forbidden)}")


def seccomp_baseline(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """The seccomp profile, where there is one, is the runtime's default or a local one."""
    who = setters(*_bad_setters(spec, "seccompProfile"))
    if not who:
        return None
    types = quoted(_bad_types(spec, "seccompProfile"))
    return Violation("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {types}")


def seccomp_restricted(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `seccomp_baseline`; the pod or each container must have a profile."""
    if violation := seccomp_baseline(metadata, spec):
        return violation
    if _profile_type(spec, "seccompProfile") is not None:
        return None
    names = names_where(spec, lambda container: _profile_type(container, "seccompProfile") is None)
    if not names:
        return None
    words = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", f"pod or {named('container', names)} {words}")


def seccomp_restricted_on_linux(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `seccomp_restricted`; Windows pods are allowed."""
    return None if is_windows(spec) else seccomp_restricted(metadata, spec)


def _se_linux_options(allowed: frozenset[str]) -> CheckPod:
    def check(metadata: Metadata, spec: PodSpec) -> Violation | None:
        def is_bad(holder: Mapping[str, Any]) -> bool:
            options = security_context(holder).get("seLinuxOptions") or {}
            return options.get("type", "") not in allowed or any(options.get(key) for key in ("user", "role"))

        who = setters(is_bad(spec), names_where(spec, is_bad))
        if not who:
            return None
        given = [security_context(holder).get("seLinuxOptions") or {} for holder in _holders(spec)]
        types = sorted({options.get("type", "") for options in given} - allowed)
        found = [f"{counted('type', types)} {quoted(types)}"] if types else []
        found += [f"{key} may not be set" for key in ("user", "role") if any(options.get(key) for options in given)]
        return Violation("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(found)}")

    return check


se_linux_options_1_0 = _se_linux_options(_SELINUX_1_0)
se_linux_options_1_31 = _se_linux_options(_SELINUX_1_31)


def _holders(spec: PodSpec) -> Iterator[Mapping[str, Any]]:
    """Yield the pod and its containers: all that have a security context."""
    yield spec
    yield from containers(spec)


def _profile_type(holder: Container, field: str) -> str | None:
    """Return the type of a profile, None where there is no profile."""
    profile = security_context(holder).get(field)
    return None if profile is None else str(profile.get("type", ""))


def _is_bad(holder: Container, field: str) -> bool:
    kind = _profile_type(holder, field)
    return kind is not None and kind not in _ALLOWED


def _bad_setters(spec: PodSpec, field: str) -> tuple[bool, list[str]]:
    return _is_bad(spec, field), names_where(spec, lambda container: _is_bad(container, field))


def _bad_types(spec: PodSpec, field: str) -> list[str]:
    types = {_profile_type(holder, field) for holder in _holders(spec)}
    return sorted(each for each in types if each is not None and each not in _ALLOWED)


def _is_allowed_app_armor(value: str) -> bool:
    return value in ("", "runtime/default") or value.startswith("localhost/")


def _is_allowed_seccomp(value: str) -> bool:
    return value in ("runtime/default", "docker/default") or value.startswith("localhost/")
