"""As whom and with what rights containers run.

Upstream: pkg/apis/core/validation/validation.go (ValidateSecurityContext, validatePodSpecSecurityContext)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.go_structs import shown_as_go
from rootspan_apiserver.resources.core.pod.windows import WINDOWS_OPTIONS
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, between, each, function, one_of, struct
from rootspan_apiserver.rules.file_paths import descending_path

PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
PROFILE_LIMIT = 4095
_ID = between(0, 2**31 - 1)
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_SYSCTL_WORDS = f"must have at most 253 characters and match regex ^{_SYSCTL}$"
_IPC = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")


@function("validateSeccompProfileField")
def _seccomp(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The type is known, and there is a file for Localhost only."""
    kind, file, at = value.get("type") or "", value.get("localhostProfile"), path / "localhostProfile"
    if not kind:
        yield FieldError.required(path / "type", "type is required when seccompProfile is set")
    elif kind not in PROFILES:
        yield FieldError.not_supported(path / "type", kind, PROFILES)
    if kind != "Localhost":
        if file is not None:
            shown = shown_as_go(value, "SeccompProfile")
            yield FieldError.invalid(at, shown, "can only be set when seccomp type is Localhost")
    elif file is None:
        yield FieldError.required(at, "must be set when seccomp type is Localhost")
    else:
        yield from descending_path.check(file, ABSENT, at, context)


@function("ValidateAppArmorProfileField")
def _app_armor(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The type is known, and there is a profile for Localhost only."""
    kind, profile, at = value.get("type") or "", value.get("localhostProfile"), path / "localhostProfile"
    if not kind:
        yield FieldError.required(path / "type", "type is required when appArmorProfile is set")
    elif kind not in PROFILES:
        yield FieldError.not_supported(path / "type", kind, PROFILES)
    elif kind != "Localhost":
        if profile is not None:
            yield FieldError.invalid(at, profile, "can only be set when AppArmor type is Localhost")
    elif not profile:
        yield FieldError.required(at, "must be set when AppArmor type is Localhost")
    else:
        if profile != profile.strip():
            yield FieldError.invalid(at, profile, "must not be padded with whitespace")
        if len(profile.encode()) > PROFILE_LIMIT:
            yield FieldError.too_long(at, PROFILE_LIMIT)


@function("ValidateSecurityContext")
def _proc_mount(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Without user namespaces /proc stays masked."""
    if value == "Unmasked" and context.scope.spec.get("hostUsers") is not False:
        yield FieldError.invalid(path, value, "`hostUsers` must be false to use `Unmasked`")


@function("ValidateSecurityContext")
def _escalation(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Who may not gain rights does not have them either."""
    if value.get("allowPrivilegeEscalation") is not False:
        return
    reasons = []
    if value.get("privileged"):
        reasons.append("cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
    words = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
    added = (value.get("capabilities") or {}).get("add") or []
    reasons += [words for capability in added if capability == "CAP_SYS_ADMIN"]
    for reason in reasons:
        yield FieldError.invalid(path, shown_as_go(value, "SecurityContext"), reason)


OF_CONTAINER = (
    struct(
        runAsUser=_ID,
        runAsGroup=_ID,
        procMount=one_of("Default", "Unmasked") & _proc_mount,
        seccompProfile=_seccomp,
    )
    & _escalation
    & struct(windowsOptions=WINDOWS_OPTIONS, appArmorProfile=_app_armor)
)


def _sysctl_name(value: str) -> list[str]:
    return [] if len(value.encode()) <= 253 and re.fullmatch(_SYSCTL, value) else [_SYSCTL_WORDS]


@function("validateSysctls")
def _sysctls(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each parameter of the kernel is named once, and is not one of the node."""
    spec = context.scope.spec
    seen: set[str] = set()
    for index, item in enumerate(value):
        at, name = path / index / "name", item.get("name") or ""
        if not name:
            yield FieldError.required(at)
        elif reasons := _sysctl_name(name):
            yield from (FieldError.invalid(at, name, reason) for reason in reasons)
        elif name in seen:
            yield FieldError.duplicate(at, name)
        seen.add(name)
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            yield FieldError.invalid(at, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and dotted.startswith(_IPC):
            yield FieldError.invalid(at, name, "may not be specified when 'hostIPC' is true")


@function("validatePodSpecSecurityContext")
def _shared_processes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Processes are shared with the node or among the containers, not both."""
    spec = context.scope.spec
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        words = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield FieldError.invalid(path / "shareProcessNamespace", True, words)


OF_POD = (
    struct(fsGroup=_ID, runAsUser=_ID, runAsGroup=_ID, supplementalGroups=each(_ID))
    & _shared_processes
    & struct(
        sysctls=_sysctls,
        fsGroupChangePolicy=one_of("Always", "OnRootMismatch"),
        seccompProfile=_seccomp,
        windowsOptions=WINDOWS_OPTIONS,
        appArmorProfile=_app_armor,
        supplementalGroupsPolicy=one_of("Merge", "Strict"),
        seLinuxChangePolicy=one_of("Recursive"),
    )
)
