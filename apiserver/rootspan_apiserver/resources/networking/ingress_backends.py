"""The paths of an Ingress and what they lead to: a port of a service, or another object.

Upstream: pkg/apis/networking/validation/validation.go (validateHTTPIngressRuleValue, validateIngressBackend)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.networking.references import TYPED_REFERENCE
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    not_nil,
    one_of,
    required,
    struct,
)

NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
NOT_AT_THE_END = ("/..", "/.")


@function("validateHTTPIngressPath")
def _path(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The path is absolute, and in its shortest form where it is matched by its elements."""
    text = value.get("path") or ""
    is_matched = value["pathType"] in ("Exact", "Prefix")
    if (
        (text or is_matched)
        and not text.startswith("/")
        and (is_matched or value["pathType"] == "ImplementationSpecific")
    ):
        yield FieldError.invalid(path / "path", text, "must be an absolute path")
    if is_matched:
        for part in NOT_IN_PATHS:
            if part in text:
                yield FieldError.invalid(path / "path", text, f"must not contain '{part}'")
        for end in NOT_AT_THE_END:
            if text.endswith(end):
                yield FieldError.invalid(path / "path", text, f"cannot end with '{end}'")


@function("validateIngressBackend")
def _service_port(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The port of a service has a name or a number."""
    port = value["service"].get("port") or {}
    name, number, at = port.get("name") or "", port.get("number") or 0, path / "service" / "port"
    if name and number:
        yield FieldError.invalid(path, "", "cannot set both port name & port number")
    elif name:
        yield from (FieldError.invalid(at / "name", name, reason) for reason in port_name(name))
    elif number:
        yield from (FieldError.invalid(at / "number", number, reason) for reason in port_number(number))
    else:
        yield FieldError.required(path, "port name or number is required")


@function("validateIngressBackend")
def backend(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A service or another object."""
    service, resource = value.get("service"), value.get("resource")
    if service is not None and resource is not None:
        yield FieldError.invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from TYPED_REFERENCE.check(resource, ABSENT, path / "resource", context)
    elif service is not None:
        yield from _SERVICE.check(value, ABSENT, path, context)
    else:
        yield FieldError.invalid(path, "", "resource or service backend is required")


_SERVICE = struct(service=struct(name=required & named(dns_label))) & _service_port


@function("validateHTTPIngressPath")
def _http_path(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A path has a type, and is checked by it."""
    if errors := list(_PATH_TYPE.check(value, ABSENT, path, context)):
        yield from errors
    else:
        yield from _TYPED_PATH.check(value, ABSENT, path, context)


_PATH_TYPE = struct(pathType=not_nil("pathType must be specified"))
_TYPED_PATH = _path & struct(
    pathType=one_of("Exact", "ImplementationSpecific", "Prefix"), backend=absent_as({}, backend)
)
HTTP = struct(paths=required & each(_http_path))
