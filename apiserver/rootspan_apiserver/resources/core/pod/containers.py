"""The containers of a pod: those that begin before the others, those of the pod, and those added to look into it.

Upstream: pkg/apis/core/validation/validation.go (validateContainerCommon, validateContainers, validateInitContainers,
validateEphemeralContainers)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.environment import VARIABLE_SETS, VARIABLES
from rootspan_apiserver.resources.core.pod.handlers import HANDLERS, NO_HANDLERS
from rootspan_apiserver.resources.core.pod.mounts import devices, mounts
from rootspan_apiserver.resources.core.pod.resources import RESOURCES, resize_policy
from rootspan_apiserver.resources.core.pod.restarts import RESTARTS
from rootspan_apiserver.resources.core.pod.security import OF_CONTAINER
from rootspan_apiserver.resources.core.pod.volumes import PULL_POLICIES
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    each,
    function,
    named,
    one_of,
    required,
    struct,
    unless_empty,
    when,
)

PROTOCOLS = ("SCTP", "TCP", "UDP")
NOT_EPHEMERAL = (
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
)
_FOR_EPHEMERAL = "cannot be set for an Ephemeral Container"

_PORT = struct(
    name=unless_empty(named(port_name)),
    containerPort=required & named(port_number),
    hostPort=unless_empty(named(port_number)),
    protocol=required & one_of(*PROTOCOLS),
)


@function("validateContainerPorts")
def _port_names(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No two ports have the same valid name."""
    seen = set()
    for index, port in enumerate(value):
        name = port.get("name")
        if name and not port_name(name):
            if name in seen:
                yield FieldError.duplicate(path / index / "name", name)
            seen.add(name)


COMMON = (
    struct(
        name=required & named(dns_label),
        image=required,
        terminationMessagePolicy=required & one_of("File", "FallbackToLogsOnError"),
        ports=each(_PORT) & _port_names,
        env=VARIABLES,
        envFrom=VARIABLE_SETS,
    )
    & mounts
    & devices
    & struct(
        imagePullPolicy=required & one_of(*PULL_POLICIES),
        resources=RESOURCES,
        resizePolicy=resize_policy,
        securityContext=OF_CONTAINER,
    )
)
"""The rules for every container."""


@function("checkHostPortConflicts")
def host_ports(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No two containers have the same port of the node."""
    yield from _host_port_conflicts(value, path)


def _host_port_conflicts(containers: list[JSONObject], path: Path) -> Iterator[FieldError]:
    seen = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or []):
            if host := port.get("hostPort"):
                shown = f"{port.get('protocol')}/{port.get('hostIP', '')}/{host}"
                if shown in seen:
                    yield FieldError.duplicate(path / index / "ports" / number / "hostPort", shown)
                seen.add(shown)


@function("validateContainerOnlyForPod")
def trimmed_image(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """In a pod itself, the name of an image has no blanks around it; in templates it may."""
    image = value.get("image") or ""
    if context.scope.is_pod and image != image.strip():
        yield FieldError.invalid(path / "image", image, "must not have leading or trailing whitespace")


@function("validateContainers")
def _unique_name(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name is not that of a container before it."""
    if context.scope.repeated and str(path) in context.scope.repeated:
        yield FieldError.duplicate(path / "name", value.get("name") or "")


CONTAINERS = required & each(COMMON & _unique_name & HANDLERS & RESTARTS) & host_ports


@function("checkHostPortConflicts")
def _own_host_ports(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The ports of the node are unique in a container; the errors are at its list, as if it were the first."""
    yield from _host_port_conflicts([value], path.parent)


def _stays(value: JSONObject) -> bool:
    return value.get("restartPolicy") == "Always"


INIT_CONTAINERS = each(
    COMMON
    & RESTARTS
    & _unique_name
    & _own_host_ports
    & when(_stays, HANDLERS, words="restartPolicy is Always")
    & when(lambda value: not _stays(value), NO_HANDLERS, words="restartPolicy is not Always")
)


@function("validateEphemeralContainers")
def _ephemeral(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The container that is looked into exists; what only containers of the pod have is not set."""
    target = value.get("targetContainerName")
    spec = context.scope.spec
    others = {each.get("name") for kind in ("containers", "initContainers") for each in spec.get(kind) or []}
    if target and target not in others:
        yield FieldError.not_found(path / "targetContainerName", target)
    yield from (FieldError.forbidden(path / key, _FOR_EPHEMERAL) for key in NOT_EPHEMERAL if value.get(key))
    for index, mount in enumerate(value.get("volumeMounts") or []):
        for key in ("subPath", "subPathExpr"):
            if mount.get(key):
                yield FieldError.forbidden(path / "volumeMounts" / index / key, _FOR_EPHEMERAL)


EPHEMERAL_CONTAINERS = each(COMMON & trimmed_image & _unique_name & _ephemeral)
