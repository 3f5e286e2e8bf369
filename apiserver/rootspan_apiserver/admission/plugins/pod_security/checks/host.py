"""Access to the host: its namespaces, its ports, and hosts that probes connect to.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_hostNamespaces.go, check_hostPorts.go,
check_hostProbesAndhostLifecycle.go, check_windowsHostProcess.go
"""

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    Container,
    Metadata,
    PodSpec,
    Violation,
    containers,
    counted,
    named,
    names_where,
    quoted,
    security_context,
    setters,
)

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")


def host_namespaces(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """The network, process and IPC namespaces of the host must not be used."""
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return Violation("host namespaces", ", ".join(used)) if used else None


def host_ports(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Ports of the host must not be used."""
    names = names_where(spec, lambda container: bool(_host_ports(container)))
    if not names:
        return None
    ports = {port for container in containers(spec) for port in _host_ports(container)}
    words = f"{counted('uses', names, 'use')} {counted('hostPort', ports)} {', '.join(sorted(ports))}"
    return Violation("hostPort", f"{named('container', names)} {words}")


def host_probes_and_lifecycle(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Probes and lifecycle hooks must not name a host."""
    names = sorted(set(names_where(spec, lambda container: bool(_hosts(container)))))
    if not names:
        return None
    hosts = sorted({host for container in containers(spec) for host in _hosts(container)})
    what = counted("probe or lifecycle host", hosts)
    words = f"{named('container', names)} {counted('uses', names, 'use')} {what} {quoted(hosts)}"
    return Violation("probe or lifecycle host", words)


def windows_host_process(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Windows containers must not run as processes of the host."""
    who = setters(_is_host_process(spec), names_where(spec, _is_host_process))
    return (
        Violation("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true") if who else None
    )


def _is_host_process(holder: Container) -> bool:
    return bool((security_context(holder).get("windowsOptions") or {}).get("hostProcess"))


def _host_ports(container: Container) -> list[str]:
    return [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")]


def _hosts(container: Container) -> list[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [*(container.get(probe) for probe in _PROBES), *(lifecycle.get(hook) for hook in _HOOKS)]
    actions = [(handler or {}).get(action) for handler in handlers for action in ("httpGet", "tcpSocket")]
    return [action["host"] for action in actions if action and action.get("host")]
