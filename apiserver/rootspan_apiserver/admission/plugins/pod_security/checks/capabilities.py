"""Linux capabilities: baseline limits those that are added, restricted wants all of them dropped.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_capabilities_baseline.go, check_capabilities_restricted.go
"""

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    Container,
    Metadata,
    PodSpec,
    Violation,
    containers,
    is_windows,
    named,
    names_where,
    quoted,
    security_context,
)

_DEFAULT = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_RESTRICTED = frozenset({"NET_BIND_SERVICE"})


def capabilities_baseline(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Only capabilities that container runtimes grant by default may be added."""
    detail = _forbidden_additions(spec, _DEFAULT)
    return Violation("non-default capabilities", detail) if detail else None


def capabilities_restricted(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """All capabilities must be dropped; only NET_BIND_SERVICE may be added."""
    details = []
    if keeping := names_where(spec, lambda container: "ALL" not in _listed(container, "drop")):
        details.append(f'{named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if detail := _forbidden_additions(spec, _RESTRICTED):
        details.append(detail)
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


def capabilities_restricted_on_linux(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `capabilities_restricted`; Windows pods are allowed."""
    return None if is_windows(spec) else capabilities_restricted(metadata, spec)


def _listed(container: Container, key: str) -> list[str]:
    return (security_context(container).get("capabilities") or {}).get(key) or []


def _forbidden_additions(spec: PodSpec, allowed: frozenset[str]) -> str:
    """Return what is wrong with the capabilities that are added, "" for nothing."""
    names = names_where(spec, lambda container: not allowed.issuperset(_listed(container, "add")))
    if not names:
        return ""
    added = sorted({each for container in containers(spec) for each in _listed(container, "add")} - allowed)
    return f"{named('container', names)} must not include {quoted(added)} in securityContext.capabilities.add"
