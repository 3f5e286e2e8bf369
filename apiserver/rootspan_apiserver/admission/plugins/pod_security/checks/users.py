"""The user that containers run as, and the privileges that it has or can get.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_privileged.go, check_allowPrivilegeEscalation.go,
check_runAsNonRoot.go, check_runAsUser.go
"""

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    Container,
    Metadata,
    PodSpec,
    Violation,
    has_user_namespace,
    is_windows,
    named,
    names_where,
    security_context,
    setters,
)


def privileged(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Containers must not be privileged."""
    names = names_where(spec, lambda container: bool(security_context(container).get("privileged")))
    if not names:
        return None
    return Violation("privileged", f"{named('container', names)} must not set securityContext.privileged=true")


def allow_privilege_escalation(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Containers must forbid that processes gain privileges."""
    field = "allowPrivilegeEscalation"
    names = names_where(spec, lambda container: security_context(container).get(field) is not False)
    if not names:
        return None
    return Violation(f"{field} != false", f"{named('container', names)} must set securityContext.{field}=false")


def allow_privilege_escalation_on_linux(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `allow_privilege_escalation`; Windows pods are allowed."""
    return None if is_windows(spec) else allow_privilege_escalation(metadata, spec)


def run_as_non_root(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Containers must not run as root: the pod or each of them has to say so."""
    of_pod = security_context(spec).get("runAsNonRoot")
    explicit = setters(of_pod is False, names_where(spec, lambda each: _runs_as_non_root(each) is False))
    if explicit:
        return Violation("runAsNonRoot != true", f"{explicit} must not set securityContext.runAsNonRoot=false")
    silent = [] if of_pod else names_where(spec, lambda each: _runs_as_non_root(each) is None)
    if not silent:
        return None
    words = f"pod or {named('container', silent)} must set securityContext.runAsNonRoot=true"
    return Violation("runAsNonRoot != true", words)


def run_as_non_root_in_host_users(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `run_as_non_root`; pods in a user namespace are allowed."""
    return None if has_user_namespace(spec) else run_as_non_root(metadata, spec)


def run_as_user(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Neither the pod nor a container may ask for the user 0."""
    who = setters(_is_root(spec), names_where(spec, _is_root))
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def run_as_user_in_host_users(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """As `run_as_user`; pods in a user namespace are allowed."""
    return None if has_user_namespace(spec) else run_as_user(metadata, spec)


def _runs_as_non_root(container: Container) -> bool | None:
    return security_context(container).get("runAsNonRoot")


def _is_root(holder: Container) -> bool:
    return security_context(holder).get("runAsUser") == 0
