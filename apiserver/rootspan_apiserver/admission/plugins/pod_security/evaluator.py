"""Which rules apply at a level and version, and what they say of a pod.

The rules of baseline come first, then those of restricted, each sorted by their names. Some rules of restricted replace one of baseline.

Upstream: staging/src/k8s.io/pod-security-admission/policy/registry.go
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rootspan_apiserver.admission.plugins.pod_security.checks import (
    capabilities,
    host,
    kernel,
    profiles,
    users,
    volumes,
)
from rootspan_apiserver.admission.plugins.pod_security.checks.violation import CheckPod, Metadata, PodSpec, Violation
from rootspan_apiserver.admission.plugins.pod_security.levels import BASELINE, PRIVILEGED, RESTRICTED, LevelVersion


@dataclass(frozen=True, slots=True)
class PodCheck:
    """A rule: `versions` has its form since each minor version, `overrides` the rule of baseline that it replaces."""

    name: str
    level: str
    versions: tuple[tuple[int, CheckPod], ...]
    overrides: str = ""

    def at(self, minor: int) -> CheckPod | None:
        """Return the form of the rule at a version, None before its first."""
        return next((check for since, check in reversed(self.versions) if since <= minor), None)


CHECKS = (
    PodCheck("appArmorProfile", BASELINE, ((0, profiles.app_armor_profile),)),
    PodCheck("capabilities_baseline", BASELINE, ((0, capabilities.capabilities_baseline),)),
    PodCheck("hostNamespaces", BASELINE, ((0, host.host_namespaces),)),
    PodCheck("hostPathVolumes", BASELINE, ((0, volumes.host_path_volumes),)),
    PodCheck("hostPorts", BASELINE, ((0, host.host_ports),)),
    PodCheck("hostProbesAndHostLifecycle", BASELINE, ((34, host.host_probes_and_lifecycle),)),
    PodCheck("privileged", BASELINE, ((0, users.privileged),)),
    PodCheck("procMount", BASELINE, ((0, kernel.proc_mount), (35, kernel.proc_mount_in_host_users))),
    PodCheck("seLinuxOptions", BASELINE, ((0, profiles.se_linux_options_1_0), (31, profiles.se_linux_options_1_31))),
    PodCheck("seccompProfile_baseline", BASELINE, ((0, profiles.seccomp_annotations), (19, profiles.seccomp_baseline))),
    PodCheck(
        "sysctls",
        BASELINE,
        ((0, kernel.sysctls_1_0), (27, kernel.sysctls_1_27), (29, kernel.sysctls_1_29), (32, kernel.sysctls_1_32)),
    ),
    PodCheck("windowsHostProcess", BASELINE, ((0, host.windows_host_process),)),
    PodCheck(
        "allowPrivilegeEscalation",
        RESTRICTED,
        ((8, users.allow_privilege_escalation), (25, users.allow_privilege_escalation_on_linux)),
    ),
    PodCheck(
        "capabilities_restricted",
        RESTRICTED,
        ((22, capabilities.capabilities_restricted), (25, capabilities.capabilities_restricted_on_linux)),
        "capabilities_baseline",
    ),
    PodCheck("procMount_restricted", RESTRICTED, ((35, kernel.proc_mount),), "procMount"),
    PodCheck("restrictedVolumes", RESTRICTED, ((0, volumes.restricted_volumes),), "hostPathVolumes"),
    PodCheck("runAsNonRoot", RESTRICTED, ((0, users.run_as_non_root), (35, users.run_as_non_root_in_host_users))),
    PodCheck("runAsUser", RESTRICTED, ((23, users.run_as_user), (35, users.run_as_user_in_host_users))),
    PodCheck(
        "seccompProfile_restricted",
        RESTRICTED,
        ((19, profiles.seccomp_restricted), (25, profiles.seccomp_restricted_on_linux)),
        "seccompProfile_baseline",
    ),
)
"""In the order in which their violations are reported."""
_LAST = max(since for check in CHECKS for since, _ in check.versions)


def violations(policy: LevelVersion, metadata: Metadata, spec: PodSpec) -> list[Violation]:
    """Return why a pod is forbidden at a level and version; nothing where it is allowed."""
    if policy.level == PRIVILEGED:
        return []
    found = (check(metadata, spec) for check in _checks(policy.level, min(policy.version.minor, _LAST)))
    return [violation for violation in found if violation is not None]


@cache
def _checks(level: str, minor: int) -> Sequence[CheckPod]:
    levels = (BASELINE,) if level == BASELINE else (BASELINE, RESTRICTED)
    applied = [check for check in CHECKS if check.level in levels and check.at(minor)]
    overridden = {check.overrides for check in applied}
    return [form for check in applied if check.name not in overridden and (form := check.at(minor))]
