"""What is special in pods of Windows, and what is special in those of Linux.

Upstream: pkg/apis/core/validation/validation.go (validateWindowsSecurityContextOptions, validateWindowsHostProcessPod, validateOS,
validateLinux, validateWindows)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function, named, struct

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
"""The lists of containers, in upstream's order of visiting them."""
SYSTEMS = ("linux", "windows")
SPECIFICATION_LIMIT = 64 * 1024
DOMAIN_LIMIT, USER_LIMIT = 256, 104
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*")
_FORBIDDEN_IN_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_POD_FIELDS = (
    ("securityContext", "appArmorProfile"),
    ("securityContext", "seLinuxOptions"),
    ("", "hostUsers"),
    ("", "hostPID"),
    ("", "hostIPC"),
    ("securityContext", "seccompProfile"),
    ("securityContext", "fsGroup"),
    ("securityContext", "fsGroupChangePolicy"),
    ("securityContext", "sysctls"),
    ("", "shareProcessNamespace"),
    ("securityContext", "runAsUser"),
    ("securityContext", "runAsGroup"),
    ("securityContext", "supplementalGroups"),
    ("securityContext", "supplementalGroupsPolicy"),
    ("securityContext", "seLinuxChangePolicy"),
)
_CONTAINER_FIELDS = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)


def _specification(value: str) -> list[str]:
    if not value:
        return ["gmsaCredentialSpec cannot be an empty string"]
    return ["gmsaCredentialSpec size must be under 64 KiB"] if len(value.encode()) > SPECIFICATION_LIMIT else []


def windows_user_name(value: str) -> list[str]:
    """Return why a value is no name of a Windows user, `DOMAIN\\\\user` or `user`."""
    if not value:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(value):
        return ["runAsUserName cannot contain control characters"]
    if value.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = value.rpartition("\\")
    reasons = []
    if len(domain.encode()) >= DOMAIN_LIMIT:
        reasons.append(f"runAsUserName's Domain length must be under {DOMAIN_LIMIT} characters")
    if backslash and not _NET_BIOS.fullmatch(domain) and not _DNS.fullmatch(domain):
        reasons.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        reasons.append("runAsUserName's User cannot be empty")
    elif len(user.encode()) > USER_LIMIT:
        reasons.append(f"runAsUserName's User length must not be longer than {USER_LIMIT} characters")
    if user and not user.strip(". "):
        reasons.append("runAsUserName's User cannot contain only periods or spaces")
    if _FORBIDDEN_IN_USER.search(user):
        reasons.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return reasons


WINDOWS_OPTIONS = struct(
    gmsaCredentialSpecName=named(dns_subdomain),
    gmsaCredentialSpec=named(_specification),
    runAsUserName=named(windows_user_name),
)


def _contexts(spec: JSONObject, path: Path) -> Iterator[tuple[JSONObject, Path]]:
    """Yield the security contexts of all containers with their places; {} for none."""
    for kind in CONTAINERS:
        for index, container in enumerate(spec.get(kind) or []):
            yield container.get("securityContext") or {}, path / kind / index / "securityContext"


@function("validateWindowsHostProcessPod")
def host_processes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """All containers are processes of the node, or none."""
    of_pod = ((value.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    found = []
    for security, at in _contexts(value, path):
        own = (security.get("windowsOptions") or {}).get("hostProcess")
        if own is not None and of_pod is not None and own != of_pod:
            words = f"pod hostProcess value must be identical if both are specified, was {str(of_pod).lower()}"
            yield FieldError.invalid(at / "windowsOptions" / "hostProcess", own, words)
        found.append(bool(of_pod if own is None else own))
    if not any(found):
        return
    if not all(found):
        words = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        yield FieldError.invalid(path, "", words)
    if not value.get("hostNetwork"):
        words = "hostNetwork must be true if pod contains any hostProcess containers"
        yield FieldError.invalid(path / "hostNetwork", False, words)


@function("validateOS")
def operating_system(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A pod of one system has no options of the other."""
    if (system := value.get("os")) is None:
        return
    name = system.get("name") or ""
    if not name:
        yield FieldError.required(path / "os" / "name")
    elif name not in SYSTEMS:
        yield FieldError.not_supported(path / "os", name, SYSTEMS)
    elif name == "linux":
        places = [(value.get("securityContext") or {}, path / "securityContext"), *_contexts(value, path)]
        for security, at in places:
            if security.get("windowsOptions") is not None:
                yield FieldError.forbidden(at / "windowsOptions", "windows options cannot be set for a linux pod")
    else:
        yield from _of_windows(value, path)


def _of_windows(spec: JSONObject, path: Path) -> Iterator[FieldError]:
    words = "cannot be set for a windows pod"
    for holder, key in _POD_FIELDS:
        found = ((spec.get(holder) or {}) if holder else spec).get(key)
        # The internal type holds the fields of the namespaces as plain bools.
        if found is not None and (found or key not in ("hostPID", "hostIPC", "sysctls")):
            yield FieldError.forbidden((path / holder if holder else path) / key, words)
    for security, at in _contexts(spec, path):
        yield from (FieldError.forbidden(at / key, words) for key in _CONTAINER_FIELDS if security.get(key) is not None)
