"""How a container is asked whether it is well, and what happens when it begins or ends: probes and lifecycle handlers."""

import re

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import not_negative, one_of

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HEADER = "[-A-Za-z0-9]+"


def check_handlers(container: JSONObject, field: str) -> list[FieldError]:
    """The rules for the probes and the lifecycle of a container at `field`."""
    errors = []
    for probe in PROBES:
        if (found := container.get(probe)) is not None:
            errors += _check_probe(found, f"{field}.{probe}")
    for hook in ("postStart", "preStop"):
        if (found := (container.get("lifecycle") or {}).get(hook)) is not None:
            errors += _check_handler(found, f"{field}.lifecycle.{hook}", ("exec", "httpGet", "tcpSocket", "sleep"))
    return errors


def without_handlers(container: JSONObject, field: str) -> list[FieldError]:
    """The rules for an init container that ends before the others begin."""
    detail = "may not be set for init containers without restartPolicy=Always"
    return [FieldError.forbidden(f"{field}.{key}", detail) for key in ("lifecycle", *PROBES) if container.get(key)]


def _check_probe(probe: JSONObject, field: str) -> list[FieldError]:
    errors = _check_handler(probe, field, ("exec", "httpGet", "tcpSocket", "grpc"))
    for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        errors += not_negative(probe.get(key), f"{field}.{key}")
    if not field.endswith("readinessProbe") and probe.get("successThreshold", 1) != 1:
        errors.append(FieldError.invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1"))
    return errors


def _check_handler(handler: JSONObject, field: str, kinds: tuple[str, ...]) -> list[FieldError]:
    found = [kind for kind in kinds if handler.get(kind) is not None]
    if not found:
        return [FieldError.required(field, "must specify a handler type")]
    detail = "may not specify more than 1 handler type"
    errors = [FieldError.forbidden(f"{field}.{extra}", detail) for extra in found[1:]]
    kind, at = found[0], f"{field}.{found[0]}"
    action = handler[kind]
    if kind == "exec" and not action.get("command"):
        errors.append(FieldError.required(f"{at}.command"))
    if kind == "httpGet":
        if not action.get("path"):
            errors.append(FieldError.required(f"{at}.path"))
        errors += check_port(action.get("port"), f"{at}.port")
        errors += one_of(action.get("scheme"), ("HTTP", "HTTPS"), f"{at}.scheme")
        for header in action.get("httpHeaders") or []:
            if not re.fullmatch(_HEADER, name := header.get("name") or ""):
                detail = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', "
                detail += f"regex used for validation is '{_HEADER}')"
                errors.append(FieldError.invalid(f"{at}.httpHeaders", name, detail))
    if kind in ("tcpSocket", "grpc"):
        errors += check_port(action.get("port"), f"{at}.port")
    return errors


def check_port(port: object, field: str) -> list[FieldError]:
    """A port's number or name."""
    if isinstance(port, str):
        return [FieldError.invalid(field, port, reason) for reason in port_name(port)]
    number = port if isinstance(port, int) else 0
    return [FieldError.invalid(field, number, reason) for reason in port_number(number)]
