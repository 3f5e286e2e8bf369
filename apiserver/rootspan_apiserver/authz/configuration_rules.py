"""What a configuration of authorizers must be.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation.go (ValidateAuthorizationConfiguration)
"""

import stat
from collections.abc import Iterator, Sequence
from os import strerror
from pathlib import Path as FilePath

from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path

KNOWN_MODES = ("ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook")
MOST_CONDITIONS = 64
_LONGEST_TIMEOUT = 30 * 10**9
_CONNECTIONS = ("InClusterConfig", "KubeConfigFile")


def faults_of_configuration(authorizers: Sequence[JSONObject]) -> Iterator[FieldError]:
    """Yield what is wrong with the authorizers of a file, whose durations are in nanoseconds."""
    root = Path("authorizers")
    if not authorizers:
        yield FieldError.required(root, "at least one authorization mode must be defined")
    modes: set[str] = set()
    names: set[str] = set()
    for index, each in enumerate(authorizers):
        path, mode, name = root / index, each["type"], each["name"]
        if not mode:
            yield FieldError.required(path / "type")
            continue
        if mode not in KNOWN_MODES:
            yield FieldError.not_supported(path / "type", mode, KNOWN_MODES)
            continue
        if mode in modes and mode != "Webhook":
            yield FieldError.duplicate(path / "type", mode)
            continue
        modes.add(mode)
        if not name:
            yield FieldError.required(path / "name")
        elif name in names:
            yield FieldError.duplicate(path / "name", name)
        elif reasons := dns_subdomain(name):
            yield FieldError.invalid(path / "name", name, f"authorizer name is invalid: {', '.join(reasons)}")
        names.add(name)
        webhook = each.get("webhook")
        if mode != "Webhook":
            if webhook is not None:
                yield FieldError.invalid(path / "webhook", "non-null", "may only be specified when type=Webhook")
        elif webhook is None:
            yield FieldError.required(path / "webhook", "required when type=Webhook")
        else:
            yield from _faults_of_webhook(webhook, path)


def _faults_of_webhook(webhook: JSONObject, path: Path) -> Iterator[FieldError]:
    timeout = webhook["timeout"]
    if timeout == 0:
        yield FieldError.required(path / "timeout")
    elif not 0 < timeout <= _LONGEST_TIMEOUT:
        yield FieldError.invalid(path / "timeout", format_duration(timeout), "must be > 0s and <= 30s")
    for name in ("authorizedTTL", "unauthorizedTTL"):
        if webhook[name] < 0:
            yield FieldError.invalid(path / name, format_duration(webhook[name]), "must be > 0s")
    yield from _one_of(webhook, "subjectAccessReviewVersion", ("v1", "v1beta1"), path)
    of_conditions = "matchConditionSubjectAccessReviewVersion"
    if webhook[of_conditions]:
        yield from _one_of(webhook, of_conditions, ("v1",), path)
    elif webhook.get("matchConditions"):
        yield FieldError.required(path / of_conditions, "required if match conditions are specified")
    yield from _one_of(webhook, "failurePolicy", ("NoOpinion", "Deny"), path)
    yield from _faults_of_connection(webhook.get("connectionInfo") or {}, path / "connectionInfo")
    yield from _faults_of_conditions(webhook.get("matchConditions") or (), path / "matchConditions")


def _one_of(webhook: JSONObject, name: str, choices: Sequence[str], path: Path) -> Iterator[FieldError]:
    if not webhook[name]:
        yield FieldError.required(path / name)
    elif webhook[name] not in choices:
        yield FieldError.not_supported(path / name, webhook[name], choices)


def _faults_of_connection(connection: JSONObject, path: Path) -> Iterator[FieldError]:
    kind, file = connection.get("type") or "", connection.get("kubeConfigFile")
    at = path / "kubeConfigFile"
    if not kind:
        yield FieldError.required(path / "type")
    elif kind not in _CONNECTIONS:
        yield FieldError.not_supported(path / "type", {"Type": kind, "KubeConfigFile": file}, _CONNECTIONS)
    elif kind == "InClusterConfig":
        if file is not None:
            yield FieldError.invalid(at, file, "can only be set when type=KubeConfigFile")
        else:
            # kube-apiserver stops here without a message: it is no client of itself.
            yield FieldError.invalid(path / "type", kind, "is not allowed for kube-apiserver")
    elif not file:
        yield FieldError.required(at)
    elif not FilePath(file).is_absolute():
        yield FieldError.invalid(at, file, "must be an absolute path")
    else:
        yield from _faults_of_file(file, at)


def _faults_of_file(file: str, at: Path) -> Iterator[FieldError]:
    try:
        mode = FilePath(file).stat().st_mode
    except OSError as error:
        reason = strerror(error.errno or 0).lower()
        yield FieldError.invalid(at, file, f"error loading file: stat {file}: {reason}")
        return
    if not stat.S_ISREG(mode):
        yield FieldError.invalid(at, file, "must be a regular file")


def _faults_of_conditions(conditions: Sequence[JSONObject], path: Path) -> Iterator[FieldError]:
    if not conditions:
        return
    # The engine is read only where there are expressions.
    from rootspan_apiserver.authz.match_conditions import condition_fault

    if len(conditions) > MOST_CONDITIONS:
        yield FieldError.too_many(path, len(conditions), MOST_CONDITIONS)
        return
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        at, expression = path / index / "expression", condition.get("expression") or ""
        if not expression.strip():
            yield FieldError.required(at)
        elif expression in seen:
            yield FieldError.duplicate(at, expression)
        else:
            seen.add(expression)
            if fault := condition_fault(expression):
                yield FieldError.invalid(at, expression, fault)
