"""Kernel settings: sysctls, and how /proc is masked.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_sysctls.go, check_procMount_baseline.go, check_procMount_restricted.go
"""

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    CheckPod,
    Container,
    Metadata,
    PodSpec,
    Violation,
    containers,
    has_user_namespace,
    named,
    names_where,
    quoted,
    security_context,
)

_SYSCTLS_1_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
)
_SYSCTLS_1_27 = _SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_1_29 = _SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
_SYSCTLS_1_32 = _SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def _sysctls(allowed: frozenset[str]) -> CheckPod:
    def check(metadata: Metadata, spec: PodSpec) -> Violation | None:
        names = [sysctl["name"] for sysctl in security_context(spec).get("sysctls") or ()]
        forbidden = [name for name in names if name not in allowed]
        return Violation("forbidden sysctls", ", ".join(forbidden)) if forbidden else None

    return check


sysctls_1_0 = _sysctls(_SYSCTLS_1_0)
sysctls_1_27 = _sysctls(_SYSCTLS_1_27)
sysctls_1_29 = _sysctls(_SYSCTLS_1_29)
sysctls_1_32 = _sysctls(_SYSCTLS_1_32)


def proc_mount(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """/proc must be masked as container runtimes do by default."""
    names = names_where(spec, lambda container: _proc_mount(container) != "Default")
    if not names:
        return None
    types = sorted({_proc_mount(container) for container in containers(spec)} - {"Default"})
    return Violation(
        "procMount", f"{named('container', names)} must not set securityContext.procMount to {quoted(types)}"
    )


def proc_mount_in_host_users(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `proc_mount`; pods in a user namespace are allowed."""
    return None if has_user_namespace(spec) else proc_mount(metadata, spec)


def _proc_mount(container: Container) -> str:
    value = security_context(container).get("procMount")
    return "Default" if value is None else str(value)
